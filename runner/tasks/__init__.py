"""Tasks: where predictions are read out of the graph, and what is predicted there."""

from gnnkit.runner.tasks._classification import NodeBinaryClassification as NodeBinaryClassification
from gnnkit.runner.tasks._classification import NodeMulticlassClassification as NodeMulticlassClassification
from gnnkit.runner.tasks._classification import RootNodeBinaryClassification as RootNodeBinaryClassification
from gnnkit.runner.tasks._classification import RootNodeMulticlassClassification as RootNodeMulticlassClassification
from gnnkit.runner.tasks._label_fns import ContextLabelFn as ContextLabelFn
from gnnkit.runner.tasks._label_fns import RootNodeLabelFn as RootNodeLabelFn
from gnnkit.runner.tasks._objectives import Binary as Binary
from gnnkit.runner.tasks._objectives import Multiclass as Multiclass
from gnnkit.runner.tasks._objectives import Objective as Objective
from gnnkit.runner.tasks._readouts import ReadoutRule as ReadoutRule
from gnnkit.runner.tasks._readouts import RootNodes as RootNodes
from gnnkit.runner.tasks._readouts import StructuredNodes as StructuredNodes
from gnnkit.runner.tasks._task import ReadoutTask as ReadoutTask
