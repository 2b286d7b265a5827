"""Tasks: where predictions are read out of the graph, and what is predicted there."""

from gnnkit.runner.tasks._classes import Binary as Binary
from gnnkit.runner.tasks._classes import Multiclass as Multiclass
from gnnkit.runner.tasks._edge_tasks import EdgeBinaryClassification as EdgeBinaryClassification
from gnnkit.runner.tasks._edge_tasks import EdgeMeanAbsoluteError as EdgeMeanAbsoluteError
from gnnkit.runner.tasks._edge_tasks import EdgeMeanAbsolutePercentageError as EdgeMeanAbsolutePercentageError
from gnnkit.runner.tasks._edge_tasks import EdgeMeanSquaredError as EdgeMeanSquaredError
from gnnkit.runner.tasks._edge_tasks import EdgeMeanSquaredLogarithmicError as EdgeMeanSquaredLogarithmicError
from gnnkit.runner.tasks._edge_tasks import EdgeMeanSquaredLogScaledError as EdgeMeanSquaredLogScaledError
from gnnkit.runner.tasks._edge_tasks import EdgeMulticlassClassification as EdgeMulticlassClassification
from gnnkit.runner.tasks._edges import Edges as Edges
from gnnkit.runner.tasks._graph_tasks import GraphBinaryClassification as GraphBinaryClassification
from gnnkit.runner.tasks._graph_tasks import GraphMeanAbsoluteError as GraphMeanAbsoluteError
from gnnkit.runner.tasks._graph_tasks import GraphMeanAbsolutePercentageError as GraphMeanAbsolutePercentageError
from gnnkit.runner.tasks._graph_tasks import GraphMeanSquaredError as GraphMeanSquaredError
from gnnkit.runner.tasks._graph_tasks import GraphMeanSquaredLogarithmicError as GraphMeanSquaredLogarithmicError
from gnnkit.runner.tasks._graph_tasks import GraphMeanSquaredLogScaledError as GraphMeanSquaredLogScaledError
from gnnkit.runner.tasks._graph_tasks import GraphMulticlassClassification as GraphMulticlassClassification
from gnnkit.runner.tasks._label_fns import ContextLabelFn as ContextLabelFn
from gnnkit.runner.tasks._label_fns import EdgeLabelFn as EdgeLabelFn
from gnnkit.runner.tasks._label_fns import RootNodeLabelFn as RootNodeLabelFn
from gnnkit.runner.tasks._link_prediction import DotProductLinkPrediction as DotProductLinkPrediction
from gnnkit.runner.tasks._link_prediction import HadamardProductLinkPrediction as HadamardProductLinkPrediction
from gnnkit.runner.tasks._losses import MeanSquaredLogScaledError as MeanSquaredLogScaledError
from gnnkit.runner.tasks._node_tasks import NodeBinaryClassification as NodeBinaryClassification
from gnnkit.runner.tasks._node_tasks import NodeMeanAbsoluteError as NodeMeanAbsoluteError
from gnnkit.runner.tasks._node_tasks import NodeMeanAbsolutePercentageError as NodeMeanAbsolutePercentageError
from gnnkit.runner.tasks._node_tasks import NodeMeanSquaredError as NodeMeanSquaredError
from gnnkit.runner.tasks._node_tasks import NodeMeanSquaredLogarithmicError as NodeMeanSquaredLogarithmicError
from gnnkit.runner.tasks._node_tasks import NodeMeanSquaredLogScaledError as NodeMeanSquaredLogScaledError
from gnnkit.runner.tasks._node_tasks import NodeMulticlassClassification as NodeMulticlassClassification
from gnnkit.runner.tasks._numbers import Regression as Regression
from gnnkit.runner.tasks._objectives import Objective as Objective
from gnnkit.runner.tasks._readouts import NodePairs as NodePairs
from gnnkit.runner.tasks._readouts import PooledNodes as PooledNodes
from gnnkit.runner.tasks._readouts import ReadoutRule as ReadoutRule
from gnnkit.runner.tasks._readouts import RootNodes as RootNodes
from gnnkit.runner.tasks._readouts import StructuredNodes as StructuredNodes
from gnnkit.runner.tasks._root_node_tasks import RootNodeBinaryClassification as RootNodeBinaryClassification
from gnnkit.runner.tasks._root_node_tasks import RootNodeMeanAbsoluteError as RootNodeMeanAbsoluteError
from gnnkit.runner.tasks._root_node_tasks import (
    RootNodeMeanAbsolutePercentageError as RootNodeMeanAbsolutePercentageError,
)
from gnnkit.runner.tasks._root_node_tasks import RootNodeMeanSquaredError as RootNodeMeanSquaredError
from gnnkit.runner.tasks._root_node_tasks import (
    RootNodeMeanSquaredLogarithmicError as RootNodeMeanSquaredLogarithmicError,
)
from gnnkit.runner.tasks._root_node_tasks import RootNodeMeanSquaredLogScaledError as RootNodeMeanSquaredLogScaledError
from gnnkit.runner.tasks._root_node_tasks import RootNodeMulticlassClassification as RootNodeMulticlassClassification
from gnnkit.runner.tasks._task import ReadoutTask as ReadoutTask
