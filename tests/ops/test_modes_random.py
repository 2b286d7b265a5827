"""Over generated graphs, operations give in a tf.function of unknown sizes what they give eagerly."""

import hypothesis
import tensorflow as tf

import gnnkit
from gnnkit.testing import strategies
from gnnkit.testing._compare import assert_fields_equal

REDUCE_TYPES = gnnkit.get_registered_reduce_operation_names()
graphs = strategies.graphs(strategies.schemas(dtypes=["DT_FLOAT", "DT_INT64"], ragged=False, num_edge_sets=(1, 2)))
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def _results(graph: gnnkit.GraphTensor) -> dict[str, tf.Tensor]:
    found = {}
    for name, edge_set in graph.edge_sets.items():
        for tag in (gnnkit.SOURCE, gnnkit.TARGET):
            found[f"degree {name} {tag}"] = gnnkit.node_degree(graph, name, tag)
            for feature, value in edge_set.features.items():
                for reduce_type in REDUCE_TYPES:
                    what = f"{reduce_type} of {feature} of {name} to {tag}"
                    found[what] = gnnkit.pool_edges_to_node(graph, name, tag, reduce_type, feature_name=feature)
                if value.dtype.is_floating:
                    what = f"softmax of {feature} of {name} at {tag}"
                    found[what] = gnnkit.softmax_edges_per_node(graph, name, tag, feature_name=feature)
    for name, node_set in graph.node_sets.items():
        for feature in node_set.features:
            what = f"{feature} of {name} to the context"
            found[what] = gnnkit.pool_nodes_to_context(graph, name, "mean", feature_name=feature)
        for feature in graph.context.features:
            found[f"{feature} to {name}"] = gnnkit.broadcast_context_to_nodes(graph, name, feature_name=feature)
    return found


@hypothesis.given(graphs)
@hypothesis.settings(max_examples=8)
def test_functions(description):
    graph = description.build(gnnkit)
    spec = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)
    in_function = tf.function(_results, input_signature=[spec], autograph=False)(graph)
    eager = _results(graph)
    assert in_function.keys() == eager.keys()
    for what, value in eager.items():
        assert_fields_equal(what, in_function[what], value, **CLOSE if value.dtype.is_floating else {})
