"""The strategies draw what they say, and what they draw is valid."""

import importlib.util
import sys

import hypothesis
import numpy as np
import pytest

import gnnkit
from gnnkit.testing import GraphDescription, RaggedValues, strategies

WITH_READOUT = strategies.schemas(readout=True)


def _sets(graph: GraphDescription):
    return [*graph.node_sets.values(), *graph.edge_sets.values()]


def _features(graph: GraphDescription):
    return [values for features in (graph.context, *(s.features for s in _sets(graph))) for values in features.values()]


def _edges(graph: GraphDescription):
    """Edges within one node set."""
    for edge_set in graph.edge_sets.values():
        (source_name, source), (target_name, target) = edge_set.endpoints[0], edge_set.endpoints[1]
        if source_name == target_name:
            yield list(zip(source, target, strict=True))


WANTED = {
    "several components": lambda g: g.num_components == 4,
    "a component without nodes": lambda g: any(0 in s.sizes and sum(s.sizes) for s in g.node_sets.values()),
    "an empty edge set": lambda g: any(not sum(s.sizes) for s in g.edge_sets.values()),
    "three node and three edge sets": lambda g: len(g.node_sets) == len(g.edge_sets) == 3,
    "a latent set": lambda g: any(not s.features and sum(s.sizes) for s in g.node_sets.values()),
    "a self loop": lambda g: any(s == t for edges in _edges(g) for s, t in edges),
    "parallel edges": lambda g: any(len(set(edges)) < len(edges) for edges in _edges(g)),
    "int64 indices": lambda g: g.indices_dtype == "int64",
    "int32 row splits": lambda g: g.row_splits_dtype == "int32",
    "a context feature": lambda g: g.context,
    "a string": lambda g: any(not isinstance(v, RaggedValues) and v.dtype == object and v.size for v in _features(g)),
    "a deep ragged feature": lambda g: any(
        isinstance(v, RaggedValues) and len(v.row_lengths) == 2 for v in _features(g)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", WANTED)
def test_what_graphs_can_be(what):
    hypothesis.find(strategies.graphs(), WANTED[what])


@hypothesis.given(strategies.graphs(WITH_READOUT))
@hypothesis.settings(max_examples=50)
def test_graphs_are_valid(description):
    gnnkit.enable_graph_tensor_validation_at_runtime()
    try:
        graph = description.build(gnnkit)
    finally:
        gnnkit.disable_graph_tensor_validation_at_runtime()
    gnnkit.validate_graph_tensor_for_readout(graph, ["seed"])
    assert graph.indices_dtype.name == description.indices_dtype
    assert int(graph.num_components) == description.num_components


@hypothesis.given(hypothesis.strategies.data())
@hypothesis.settings(max_examples=50)
def test_graphs_of_a_schema(data):
    """Schemas are valid, and graphs of a schema have its spec."""
    schema = data.draw(WITH_READOUT)
    for warning in gnnkit.validate_schema(schema):
        assert "shape [1] is unnecessary" in str(warning)
    graph = data.draw(strategies.graphs(schema, num_components=(1, 1))).build(gnnkit)
    spec = gnnkit.create_graph_spec_from_schema_pb(schema, graph.indices_dtype)
    assert spec.is_compatible_with(graph.with_row_splits_dtype(spec.row_splits_dtype))


@hypothesis.given(strategies.specs(strategies.schemas(dtypes=strategies.FLOATS, ragged=False)))
@hypothesis.settings(max_examples=20)
def test_specs(spec):
    assert spec.num_components in (1, None) and spec.rank == 0
    for _, _, _, field in gnnkit.iter_features(spec):
        assert field.dtype.is_floating and field.shape.rank >= 1


@hypothesis.given(strategies.graphs(num_components=(2, 3), num_nodes=(1, 2), max_edges=0))
@hypothesis.settings(max_examples=20)
def test_limits(graph):
    assert graph.num_components in (2, 3)
    assert all(set(s.sizes) <= {1, 2} for s in graph.node_sets.values())
    assert not any(s.sizes.sum() for s in graph.edge_sets.values())


def test_hyperedges_can_be_built():
    one = np.array([0])
    nodes = gnnkit.testing.SetDescription(np.array([1]), {})
    edges = gnnkit.testing.SetDescription(np.array([1]), {}, {0: ("a", one), 1: ("a", one), 2: ("a", one)})
    graph = GraphDescription(1, {}, {"a": nodes}, {"e": edges}).build(gnnkit)
    assert isinstance(graph.edge_sets["e"].adjacency, gnnkit.HyperAdjacency)


def test_uniform_dimensions_before_ragged_ones_are_refused():
    schema = gnnkit.parse_schema(
        'node_sets { key: "a" value { features { key: "x" value { dtype: DT_BOOL shape { dim { size: 2 } '
        "dim { size: -1 } } } } } }"
    )
    with pytest.raises(
        ValueError, match=r"Ragged dimensions must come first, but the shape of the feature is \[2, -1\]"
    ):
        hypothesis.find(strategies.graphs(schema), lambda graph: True)


def test_without_hypothesis(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    spec = importlib.util.spec_from_file_location("strategies_again", strategies.__file__)
    with pytest.raises(ImportError, match="needs hypothesis, which is not installed: pip install hypothesis"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
