"""What tests of layers over graphs need: small random graphs, comparisons, and the laws that all layers obey."""

from gnnkit.testing._compare import assert_graphs_equal as assert_graphs_equal
from gnnkit.testing._layer_contract import assert_layer_contract as assert_layer_contract
from gnnkit.testing._permute import permute as permute
from gnnkit.testing._random import random_graph as random_graph
