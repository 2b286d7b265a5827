"""Wrong calls: each error names the set, the feature or argument, what was expected and what came."""

import pathlib
import tempfile

import keras
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import gnnkit
import gnnkit.samplers
from gnnkit import CONTEXT, SOURCE, TARGET, interop
from gnnkit.keras import layers
from gnnkit.testing import random_graph

GRAPH = random_graph(1)  # Node sets author, paper, venue; edge sets writes, cites, is_in; hidden_state everywhere.
BATCH = next(iter(tf.data.Dataset.from_tensors(GRAPH).batch(1)))
PAPERS = int(GRAPH.node_sets["paper"].total_size)
CITES = int(GRAPH.edge_sets["cites"].total_size)
STATE = {"feature_name": "hidden_state"}
SCHEMA = gnnkit.parse_schema("""
    context { features { key: "label" value { dtype: DT_INT64 } } }
    node_sets { key: "paper" value { features { key: "year" value { dtype: DT_INT64 } }
                                     features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } } } }
                                     metadata { filename: "paper.csv" } } }
    edge_sets { key: "cites" value { source: "paper" target: "paper" metadata { filename: "cites.csv" } } }
""")
SPEC = gnnkit.create_graph_spec_from_schema_pb(SCHEMA)
PAPER_FRAME = pd.DataFrame({"id": [1, 2], "year": [1998, 2005]})


def with_strings() -> gnnkit.GraphTensor:
    return GRAPH.replace_features(node_sets={"paper": {"title": tf.fill([PAPERS], "t")}})


def with_empty_component() -> gnnkit.GraphTensor:
    return gnnkit.GraphTensor.from_pieces(node_sets={"paper": nodes([1, 0], x=[1.0])})


def with_readout() -> gnnkit.GraphTensor:
    return gnnkit.add_readout_from_first_node(random_graph(5, min_nodes=1), "seed", node_set_name="paper")


def two_nodes(*attributes) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(zip("ab", attributes, strict=True))
    return graph


def at_runtime(build):
    gnnkit.enable_graph_tensor_validation_at_runtime()
    try:
        return build()
    finally:
        gnnkit.disable_graph_tensor_validation_at_runtime()


def schema_of_feature(text: str):
    return gnnkit.parse_schema(f'node_sets {{ key: "a" value {{ features {{ key: "x" value {{ {text} }} }} }} }}')


def parse(changes: dict[str, list]):
    """An example of two papers, of which one cites the other, with some keys changed."""
    example = tf.train.Example()
    lists = {
        "context/label": [1],
        "nodes/paper.#size": [2],
        "nodes/paper.year": [1998, 2005],
        "nodes/paper.words.d1": [1, 1],
        "nodes/paper.words": [b"a", b"b"],
        "edges/cites.#size": [1],
        "edges/cites.#source": [1],
        "edges/cites.#target": [0],
        **changes,
    }
    for key, values in lists.items():
        feature = example.features.feature[key]
        if values and isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return gnnkit.parse_example(SPEC, [example.SerializeToString()])


def read(paper: str = "id,year,words\n1,1998,a\n2,2005,b\n", cites: str = "source,target\n1,2\n", **kwargs):
    """The tables of SCHEMA, but for the words, which CSV files do not hold."""
    tables = gnnkit.schemas.GraphSchema()
    tables.CopyFrom(SCHEMA)
    del tables.node_sets["paper"].features["words"], tables.context.features["label"]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "paper.csv").write_text(paper)
        pathlib.Path(folder, "cites.csv").write_text(cites)
        return gnnkit.samplers.read_tables(tables, folder, **kwargs)


def edges(sizes=(1,), source=("paper", [0]), target=("paper", [0]), **features):
    adjacency = gnnkit.Adjacency.from_indices(source, target)
    return gnnkit.EdgeSet.from_fields(sizes=list(sizes), adjacency=adjacency, features=features)


def nodes(sizes=(1,), **features):
    return gnnkit.NodeSet.from_fields(sizes=list(sizes), features=features)


def conv(**kwargs) -> layers.SimpleConv:
    return layers.SimpleConv(keras.layers.Dense(2), **kwargs)


def update(**kwargs) -> layers.GraphUpdate:
    """Papers receive from their authors."""
    next_state = layers.NextStateFromConcat(keras.layers.Dense(2))
    update_papers = layers.NodeSetUpdate({"writes": conv(receiver_tag=TARGET)}, next_state, **kwargs)
    return layers.GraphUpdate(node_sets={"paper": update_papers})


SIZES = gnnkit.SizeConstraints(9, {"author": 99, "paper": 99, "venue": 99}, {"writes": 99, "cites": 99, "is_in": 99})

DATA_MODEL = [
    (ValueError, lambda: nodes([1.0]), ["NodeSet: sizes must be int32 or int64", "float32"]),
    (ValueError, lambda: gnnkit.NodeSet.from_fields(sizes=3),
     ["NodeSet: sizes must have shape [*graph_shape, num_com", "scalar"]),
    (ValueError, lambda: nodes([3], year=[1, 2]), ["NodeSet: sizes [3] add up to 3", "have 2"]),
    (ValueError, lambda: nodes([2], year=[1, 2], x=[1.0]),
     ["NodeSet: feature 'year' has 2 items", "feature 'x' has 1"]),
    (ValueError, lambda: nodes([2], year=5), ["NodeSet: feature 'year' has shape []", "at least rank 1"]),
    (ValueError, lambda: nodes([1], words=[["a"], ["b", "c"]]),
     ["NodeSet: feature 'words'", "list", "tf.RaggedTensor"]),
    (ValueError, lambda: gnnkit.Context.from_fields(features={"a": [1], "b": [1, 2]}),
     ["Context: feature 'b' has 2", "has 1"]),
    (ValueError, lambda: gnnkit.Context.from_fields(features=[1, 2]),
     ["Context: features must be a mapping", "list"]),
    (ValueError, lambda: edges([2], weight=[1.0, 2.0]), ["EdgeSet: feature 'weight' has 2", "endpoint 0' has 1"]),
    (ValueError, lambda: edges(target=("paper", [0, 1])),
     ["endpoint 0 (node set 'paper') has shape [1]", "endpoint 1", "[2]"]),
    (ValueError, lambda: edges(source=("paper", [0.5])),
     ["Adjacency: indices of endpoint 0 (node set 'paper')", "int32 or int64", "float32"]),
    (ValueError, lambda: edges(source="paper"),
     ["Adjacency: endpoint 0 must be a tuple (node_set_name, indices)", "'paper'"]),
    (TypeError, lambda: gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=[0]),
     ["adjacency must be an Adjacency", "list"]),
    (ValueError, lambda: gnnkit.HyperAdjacency.from_indices({"a": ("paper", [0])}), ["tags must be int", "'a'"]),
    (ValueError, lambda: gnnkit.GraphTensor.from_pieces(edge_sets={"cites": edges()}),
     ["Edge set 'cites'", "node set 'paper'", "has []"]),
    (ValueError, lambda: gnnkit.GraphTensor.from_pieces(node_sets={"paper": edges()}),
     ["node_sets['paper'] must be a NodeSet", "EdgeSet"]),
    (ValueError, lambda: gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes([1]), "b": nodes([1, 1])}),
     ["node set 'b'", "shape [2]", "[1]"]),
    (ValueError, lambda: GRAPH.replace_features(node_sets={"papers": {}}),
     ["no node set 'papers'", "'author', 'paper', 'venue'"]),
    (ValueError, lambda: GRAPH.replace_features(node_sets={"paper": {"x": [1.0]}}),
     ["Node set 'paper'", "feature 'x' has 1", f"has {PAPERS}"]),
    (ValueError, lambda: GRAPH.replace_features(edge_sets={"cites": {"x": [1.0]}}),
     ["Edge set 'cites'", "feature 'x' has 1", f"has {CITES}"]),
    (KeyError, lambda: GRAPH.remove_features(node_sets={"papers": ["x"]}),
     ["remove_features", "node set 'papers'", "'paper'"]),
    (ValueError, lambda: GRAPH.remove_features(node_sets={"paper": ["x"]}),
     ["node set 'paper' has no feature 'x'", "'hidden_state'"]),
    (KeyError, lambda: GRAPH.node_sets["papers"], ["no node set 'papers'", "'author', 'paper', 'venue'"]),
    (KeyError, lambda: GRAPH.node_sets["paper"]["x"], ["NodeSet has no feature 'x'", "'hidden_state'"]),
    (KeyError, lambda: GRAPH.edge_sets["cites"].adjacency[2], ["no tag 2", "[0, 1]"]),
    (ValueError, lambda: GRAPH.with_indices_dtype(tf.int8), ["indices_dtype must be tf.int32 or tf.int64", "int8"]),
    (ValueError, lambda: BATCH.spec.relax(num_nodes=True), ["relax()", "scalar graph", "(1,)"]),
    (ValueError, lambda: gnnkit.homogeneous([0], [0]), ["homogeneous", "node_features or node_set_sizes"]),
    (ValueError, lambda: gnnkit.homogeneous([[0]], [[0]], node_set_sizes=[1]),
     ["homogeneous: source must be a vector", "[1, 1]"]),
    (ValueError, lambda: gnnkit.check_homogeneous_graph_tensor(GRAPH, "MyLayer"),
     ["MyLayer", "one node set and one edge set", "'venue'"]),
    (tf.errors.InvalidArgumentError, lambda: at_runtime(lambda: gnnkit.homogeneous([0], [9], node_features=[[1.0]])),
     ["Edge set `edges`, endpoint 1", "node set `nodes`", "9"]),
]  # fmt: skip
OPERATIONS = [
    (KeyError, lambda: gnnkit.broadcast_node_to_edges(GRAPH, "cite", SOURCE, **STATE),
     ["broadcast_node_to_edges", "edge set 'cite'", "'cites'"]),
    (KeyError, lambda: gnnkit.broadcast_node_to_edges(GRAPH, "cites", SOURCE, feature_name="x"),
     ["node set 'paper' has no feature 'x'", "'hidden_state'"]),
    (KeyError, lambda: gnnkit.broadcast_node_to_edges(GRAPH, "cites", 2, **STATE),
     ["edge set 'cites' has no tag 2", "[0, 1]"]),
    (ValueError, lambda: gnnkit.broadcast_node_to_edges(GRAPH, "cites", CONTEXT, **STATE),
     ["broadcast_node_to_edges", "gnnkit.SOURCE", "'context'"]),
    (ValueError, lambda: gnnkit.broadcast_node_to_edges(GRAPH, "cites", SOURCE),
     ["feature_value and feature_name", "node set 'paper'"]),
    (ValueError, lambda: gnnkit.broadcast_node_to_edges(GRAPH, "cites", SOURCE, feature_value=[1.0]),
     ["feature_value has shape [1]", f"node set 'paper' has {PAPERS}"]),
    (ValueError, lambda: gnnkit.broadcast(GRAPH, SOURCE, edge_set_name=["cites", "writes"], **STATE),
     ["broadcast", "['cites', 'writes']", "tag 0", "'author'"]),
    (ValueError, lambda: gnnkit.broadcast(GRAPH, SOURCE, edge_set_name=[], **STATE),
     ["broadcast: edge_set_name is empty", "at least one"]),
    (TypeError, lambda: gnnkit.pool_edges_to_node(GRAPH, ["cites"], TARGET, **STATE),
     ["pool_edges_to_node: the edge set name must be a str", "['cites']"]),
    (KeyError, lambda: gnnkit.pool_edges_to_node(GRAPH, "cites", TARGET, "median", **STATE),
     ["reduce_type 'median'", "mean, min"]),
    (ValueError, lambda: gnnkit.pool_edges_to_node(GRAPH, "cites", TARGET, "", **STATE),
     ["reduce_type must be a name", "''"]),
    (TypeError, lambda: gnnkit.pool_nodes_to_context(with_strings(), "paper", feature_name="title"),
     ["pool_nodes_to_context", "feature 'title' of node set 'paper' is string", "expected numbers"]),
    (ValueError,
     lambda: gnnkit.pool(GRAPH, CONTEXT, node_set_name=["paper", "author"], reduce_type="sum", **STATE),
     ["pool", "['paper', 'author']", "[[4], [3]]"]),
    (ValueError, lambda: gnnkit.pool(GRAPH, SOURCE, node_set_name="paper", reduce_type="sum", **STATE),
     ["pool: tag 0", "edge_set_name"]),
    (ValueError,
     lambda: gnnkit.pool(GRAPH, TARGET, edge_set_name=["cites"], reduce_type="sum", feature_value=tf.ones([1])),
     ["feature_value must be a sequence", "EagerTensor", "['cites']"]),
    (ValueError, lambda: gnnkit.pool(BATCH, CONTEXT, node_set_name="paper", reduce_type="sum", **STATE),
     ["pool needs a scalar GraphTensor (rank 0)", "rank 1", "merge_batch"]),
    (TypeError, lambda: gnnkit.pool(3, CONTEXT, node_set_name="paper", reduce_type="sum", **STATE),
     ["pool: expected a GraphTensor", "int"]),
    (ValueError, lambda: gnnkit.softmax(GRAPH, TARGET, edge_set_name="cites", feature_value=[1.0]),
     ["softmax: feature_value has shape [1]", f"edge set 'cites' has {CITES}"]),
    (ValueError, lambda: gnnkit.reverse_tag(2), ["reverse_tag", "gnnkit.SOURCE (0) or gnnkit.TARGET (1)", "got 2"]),
    (ValueError, lambda: gnnkit.combine_values([tf.ones([1, 2]), tf.ones([1, 3])], "sum"),
     ["combine_values", "same shape", "(2,), (3,)"]),
    (tf.errors.InvalidArgumentError,
     lambda: gnnkit.gather_first_node(with_empty_component(), "paper", feature_name="x"),
     ["gather_first_node", "node set 'paper'", "component without nodes"]),
    (KeyError, lambda: gnnkit.structured_readout(with_readout(), "sed", **STATE),
     ["key 'sed'", "_readout/sed", "['seed']"]),
    (ValueError, lambda: gnnkit.structured_readout(GRAPH, "seed", **STATE),
     ["no readout node set '_readout'", "'paper'"]),
    (ValueError, lambda: gnnkit.add_readout_from_first_node(GRAPH, "seed", node_set_name="papers"),
     ["add_readout_from_first_node", "node set 'papers'", "'paper'"]),
    (ValueError, lambda: gnnkit.add_self_loops(GRAPH, "writes"),
     ["add_self_loops", "edge set 'writes'", "'author'", "'paper'"]),
    (ValueError, lambda: gnnkit.pad_to_total_sizes(GRAPH, SIZES._replace(total_num_nodes={})),
     ["total_num_nodes", "node set 'author'", "[]"]),
    (tf.errors.InvalidArgumentError,
     lambda: gnnkit.pad_to_total_sizes(GRAPH, SIZES._replace(total_num_nodes={**SIZES.total_num_nodes, "paper": 2})),
     ["paper", f"{PAPERS}", " 2"]),
    (ValueError,
     lambda: gnnkit.pad_to_total_sizes(GRAPH, SIZES, padding_values=({}, {"paper": {"x": 0}})),
     ["padding_values", "node set 'paper' has no feature 'x'", "'hidden_state'"]),
]  # fmt: skip
INTEROP = [
    (TypeError, lambda: interop.to_networkx(3), ["to_networkx", "GraphTensor", "int"]),
    (ValueError, lambda: interop.to_networkx(BATCH), ["to_networkx", "scalar GraphTensor", "rank 1"]),
    (TypeError, lambda: interop.from_networkx([3]), ["from_networkx", "networkx graphs", "int"]),
    (ValueError, lambda: interop.from_networkx(two_nodes({"age": 3}, {})), ["nodes", "'b'", "attribute 'age'"]),
    (ValueError,
     lambda: interop.from_pandas({"paper": PAPER_FRAME}, {"cites": pd.DataFrame({"source": [1], "target": [9]})}),
     ["Edge set 'cites'", "row 0", "column 'target'", "9", "'paper'"]),
    (ValueError, lambda: interop.from_pandas({"paper": PAPER_FRAME}, {"cites": PAPER_FRAME}),
     ["Edge set 'cites'", "column 'source'", "['id', 'year']"]),
    (ValueError, lambda: interop.from_scipy({"cites": np.zeros([2, 2, 2])}),
     ["Edge set 'cites'", "[2, 2, 2]", "two dimensions"]),
    (ValueError, lambda: interop.triple_to_graphtensor([("a", "knows")]),
     ["Triple 0", "('a', 'knows')", "three texts"]),
    (ValueError, lambda: interop.graphtensor_to_triples(GRAPH), ["Node set 'paper'", "feature '#id'"]),
]  # fmt: skip
INPUT_AND_OUTPUT = [
    (ValueError, lambda: gnnkit.parse_schema("node_sets { key: }"), ["schema", "1:"]),
    (FileNotFoundError, lambda: gnnkit.read_schema("/nowhere/schema.pbtxt"), ["/nowhere/schema.pbtxt"]),
    (gnnkit.ValidationError,
     lambda: gnnkit.validate_schema(schema_of_feature("")),
     ["Node set 'a', feature 'x'", "dtype is missing", "DT_FLOAT"]),
    (gnnkit.ValidationError,
     lambda: gnnkit.validate_schema(schema_of_feature("dtype: DT_COMPLEX64")),
     ["Node set 'a', feature 'x'", "DT_COMPLEX64", "DT_STRING"]),
    (gnnkit.ValidationError,
     lambda: gnnkit.validate_schema(gnnkit.parse_schema('edge_sets { key: "e" value { source: "a" target: "a" } }')),
     ["Edge set 'e'", "source 'a'", "there are []"]),
    (ValueError, lambda: gnnkit.create_graph_spec_from_schema_pb(SCHEMA, tf.int8),
     ["indices_dtype must be tf.int32 or tf.int64", "int8"]),
    (ValueError, lambda: gnnkit.create_schema_pb_from_graph_spec(GRAPH),
     ["create_schema_pb_from_graph_spec", "one component", "3"]),
    (ValueError,
     lambda: gnnkit.check_compatible_with_schema_pb(SPEC, gnnkit.parse_schema('node_sets { key: "paper" value {} }')),
     ["Node set 'paper', feature 'year'", "int64 []"]),
    (TypeError, lambda: list(gnnkit.iter_sets(3)),
     ["iter_sets", "GraphSchema, GraphTensor or GraphTensorSpec", "int"]),
    (ValueError, lambda: gnnkit.parse_example(SPEC, b""), ["parse_example", "[B]", "()"]),
    (TypeError, lambda: gnnkit.parse_example(SCHEMA, [b""]), ["spec must be a GraphTensorSpec", "GraphSchema"]),
    (tf.errors.InvalidArgumentError, lambda: parse({"nodes/paper.year": [1998]}),
     ["Node set `paper`, feature `year`", "is 1", "2"]),
    (tf.errors.InvalidArgumentError, lambda: parse({"nodes/paper.year": [1.0, 2.0]}),
     ["nodes/paper.year", "Expected type: int64"]),
    (tf.errors.InvalidArgumentError, lambda: parse({"nodes/paper.words.d1": [1, 2]}),
     ["Node set `paper`, feature `words`", "nodes/paper.words.d1", "3", "2"]),
    (tf.errors.InvalidArgumentError, lambda: parse({"edges/cites.#source": [2]}),
     ["Edge set `cites`, #source", "index 2", "node set `paper`", "has 2"]),
    (tf.errors.InvalidArgumentError, lambda: parse({"context/label": []}),
     ["Context, feature `label`", "context/label", "is 0", "1"]),
    (ValueError, lambda: gnnkit.write_example(BATCH), ["write_example", "scalar GraphTensor", "rank 1"]),
    (TypeError,
     lambda: gnnkit.write_example(GRAPH.replace_features(node_sets={"paper": {"z": tf.zeros([PAPERS], tf.complex64)}})),
     ["Node set 'paper', feature 'z'", "complex64", "Supported"]),
    (ValueError, lambda: read(paper="id\n1\n"), ["paper.csv", "column 'year' is missing", "['id']"]),
    (ValueError, lambda: read(paper="id,year\n1,1998\n2,soon\n"),
     ["'paper'", "paper.csv", "line 3", "'year'", "soon"]),
    (ValueError, lambda: read(paper="id,year\n1,1998\n1,2005\n"), ["'paper'", "paper.csv", "line 3", "1"]),
    (ValueError, lambda: read(cites="source,target\n1,7\n"),
     ["'cites'", "cites.csv", "line 2", "target", "7", "'paper'"]),
    (ValueError, lambda: read(on_bad_rows="drop"), ["on_bad_rows='drop'", '"error" or "skip"']),
    (ValueError, lambda: gnnkit.samplers.SamplingSpecBuilder(SCHEMA).seed("papers"),
     ["node set 'papers'", "['paper']"]),
    (ValueError, lambda: gnnkit.samplers.SamplingSpecBuilder(SCHEMA).seed("paper").sample(3, "cite"),
     ["edge set 'cite'", "['cites']"]),
]  # fmt: skip
LAYERS = [
    (TypeError, lambda: gnnkit.keras.Input(tf.TensorSpec([1])),
     ["gnnkit.keras.Input", "GraphTensorSpec", "TensorSpec"]),
    (KeyError, lambda: update()(GRAPH.replace_features(node_sets={"paper": {}})),
     ["Node set 'paper' has no feature 'hidden_state'", "MapFeatures"]),
    (KeyError, lambda: update(node_input_feature="x")(GRAPH),
     ["Node set 'paper' has no feature 'x'", "node_input_feature", "['hidden_state']"]),
    (KeyError, lambda: update()(GRAPH.from_pieces(node_sets={"author": GRAPH.node_sets["author"]})),
     ["set 'paper'", "['author']"]),
    (ValueError, lambda: layers.GraphUpdate(), ["GraphUpdate", "edge_sets, node_sets or context"]),
    (ValueError, lambda: conv()(GRAPH, edge_set_name="cites", receiver_tag=7),
     ["SimpleConv", "receiver_tag", "7"]),
    (KeyError, lambda: conv(receiver_tag=TARGET)(GRAPH, edge_set_name="cite"),
     ["SimpleConv", "edge set 'cite'", "'cites'"]),
    (KeyError,
     lambda: conv(sender_edge_feature="w", receiver_tag=TARGET)(GRAPH, edge_set_name="cites"),
     ["Edge set 'cites' has no feature 'w'", "sender_edge_feature", "hidden_state"]),
    (ValueError, lambda: layers.Pool(TARGET, edge_set_name="cites")(GRAPH),
     ["Pool", "reduce_type", "'sum' or 'mean'"]),
    (KeyError, lambda: layers.Readout(node_set_name="papers")(GRAPH), ["Readout", "node set 'papers'", "'paper'"]),
    (ValueError, lambda: layers.Readout(node_set_name="paper", from_context=True)(GRAPH),
     ["Readout", "exactly one", "from_context"]),
    (ValueError, lambda: layers.MapFeatures(node_sets_fn=lambda piece, node_set_name: tf.ones([3]))(GRAPH),
     ["MapFeatures", "node set 'author'", "'hidden_state'", "does not depend on its input"]),
    (ValueError, lambda: layers.ItemDropout(2.0), ["ItemDropout: rate", "[0, 1)", "2.0"]),
    (ValueError, lambda: layers.ResidualNextState(keras.layers.Dense(3))((tf.ones([5, 4]), {}, {})),
     ["ResidualNextState", "[5, 4]", "[5, 3]"]),
    (KeyError, lambda: layers.StructuredReadout("seed", feature_name="x")(with_readout()),
     ["node set 'paper' has no feature 'x'", "'hidden_state'"]),
    (ValueError, lambda: gnnkit.keras.ConvGNNBuilder(lambda *a, **k: None, receiver_tag=5),
     ["ConvGNNBuilder: receiver_tag", "gnnkit.SOURCE (0) or gnnkit.TARGET (1)", "5"]),
    (ValueError,
     lambda: gnnkit.keras.ConvGNNBuilder(lambda *a, **k: None, receiver_tag=TARGET).Convolve(["author"])(GRAPH),
     ["node set 'author'", "['paper', 'venue']"]),
    (ValueError,
     lambda: gnnkit.keras.Model(*[gnnkit.keras.Input(GRAPH.spec)] * 2)(GRAPH.remove_features(context=["hidden_state"])),
     ["Model", "other sets or features", "hidden_state"]),
]  # fmt: skip


def _ids(table):
    return [" ".join(words)[:60] for _, _, words in table]


@pytest.mark.parametrize("error, call, words", DATA_MODEL, ids=_ids(DATA_MODEL))
def test_data_model(error, call, words):
    _check(error, call, words)


@pytest.mark.parametrize("error, call, words", OPERATIONS, ids=_ids(OPERATIONS))
def test_operations(error, call, words):
    _check(error, call, words)


@pytest.mark.parametrize("error, call, words", INPUT_AND_OUTPUT, ids=_ids(INPUT_AND_OUTPUT))
def test_input_and_output(error, call, words):
    _check(error, call, words)


@pytest.mark.parametrize("error, call, words", INTEROP, ids=_ids(INTEROP))
def test_interop(error, call, words):
    _check(error, call, words)


@pytest.mark.parametrize("error, call, words", LAYERS, ids=_ids(LAYERS))
def test_layers(error, call, words):
    _check(error, call, words)


def _check(error, call, words):
    with pytest.raises(error) as info:
        call()
    text = str(info.value)
    assert [word for word in words if word not in text] == [], text
    assert "\\n" not in text and "\\'" not in text, text
