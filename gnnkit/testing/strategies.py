"""Hypothesis strategies for schemas, specs and graphs. Needs hypothesis: `pip install hypothesis`.

Sets, sizes and dtypes are drawn, so that hypothesis makes failing graphs small; the values come from one drawn seed.
Drawing uses NumPy alone, and what is drawn can be built with gnnkit as well as with tensorflow_gnn.

>>> import hypothesis, gnnkit
>>> from gnnkit.testing import strategies
>>> @hypothesis.given(strategies.graphs())
... @hypothesis.settings(max_examples=5)
... def test_merging_a_scalar_graph_changes_nothing(description):
...     graph = description.build(gnnkit)
...     assert graph.merge_batch_to_components() is graph
>>> test_merging_a_scalar_graph_changes_nothing()
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnnkit.schemas import Feature, GraphSchema
from gnnkit.testing import _generate
from gnnkit.testing._description import GraphDescription, SetDescription

try:
    from hypothesis import strategies as st
except ImportError as e:
    raise ImportError(
        "gnnkit.testing.strategies needs hypothesis, which is not installed: pip install hypothesis."
    ) from e

__all__ = ["ALL_DTYPES", "FLOATS", "NUMBERS", "features", "graphs", "schemas", "specs"]

ALL_DTYPES = tuple(_generate.DTYPES)
FLOATS = ("DT_DOUBLE", "DT_FLOAT", "DT_HALF")
NUMBERS = (*FLOATS, "DT_INT32", "DT_INT64")
_READOUT = "_readout"
_FEATURE_NAMES = ("hidden_state", "x", "y.z", "two words")
_SHAPES = ((), (2,), (2, 3), (1,))
_RAGGED_SHAPES = ((-1,), (-1, 2), (-1, -1))
_NODE_SET_NAMES = ("a", "b/c", "d.e")
_EDGE_SET_NAMES = ("e", "f/g.h", "a")


@st.composite
def features(draw: Any, dtypes: Sequence[str] = ALL_DTYPES, *, ragged: bool = True) -> Feature:
    """A `Feature` message.

    dtypes: names such as "DT_FLOAT"; ALL_DTYPES, FLOATS and NUMBERS are some.
    ragged: whether some are ragged; ragged dimensions come first.
    """
    result = Feature()
    dtype = draw(st.sampled_from(list(dtypes)))
    result.dtype = _generate.DATA_TYPE.values_by_name[dtype].number
    for size in draw(st.sampled_from(_SHAPES + _RAGGED_SHAPES if ragged else _SHAPES)):
        result.shape.dim.add(size=size)
    return result


@st.composite
def schemas(
    draw: Any,
    *,
    dtypes: Sequence[str] = ALL_DTYPES,
    ragged: bool = True,
    num_node_sets: tuple[int, int] = (1, 3),
    num_edge_sets: tuple[int, int] = (0, 3),
    readout: bool = False,
) -> GraphSchema:
    """A `GraphSchema`: some sets have no features, and an edge set may join a node set with itself.

    dtypes, ragged: of the features, see `features`.
    num_node_sets, num_edge_sets: fewest and most, up to 3.
    readout: adds auxiliary sets: a node set `_readout`, which is read from one or two node sets under the key "seed"
        and, where there are edges, sometimes from an edge set under the key "link".
    """
    result = GraphSchema()
    some_features = st.dictionaries(st.sampled_from(_FEATURE_NAMES), features(dtypes, ragged=ragged), max_size=3)

    def add_features(message: Any) -> None:
        for name, feature in draw(some_features).items():
            message.features[name].CopyFrom(feature)

    add_features(result.context)
    nodes = _NODE_SET_NAMES[: draw(st.integers(*num_node_sets))]
    edges = _EDGE_SET_NAMES[: draw(st.integers(*num_edge_sets))]
    node_set_names = st.sampled_from(nodes)
    for name in nodes:
        add_features(result.node_sets[name])
    for name in edges:
        add_features(result.edge_sets[name])
        result.edge_sets[name].source, result.edge_sets[name].target = draw(node_set_names), draw(node_set_names)
    if readout:
        add_features(result.node_sets[_READOUT])
        sources = draw(st.lists(node_set_names, min_size=1, max_size=2, unique=True))
        read = {f"seed/{i}" if len(sources) > 1 else "seed": source for i, source in enumerate(sources)}
        if edges and draw(st.booleans()):
            read["link"] = _generate.SHADOW + draw(st.sampled_from(edges))
            result.node_sets[read["link"]].SetInParent()
        for key, source in read.items():
            edge_set = result.edge_sets[f"{_READOUT}/{key}"]
            edge_set.source, edge_set.target = source, _READOUT
    return result


@st.composite
def specs(draw: Any, schema: Any = None) -> Any:
    """A `gnnkit.GraphTensorSpec` of scalar graphs, with int32 or int64 indices and one or any number of components.

    schema: a `GraphSchema`, or a strategy for it; `schemas()` by default.
    """
    import tensorflow as tf

    from gnnkit.io import create_graph_spec_from_schema_pb

    spec = create_graph_spec_from_schema_pb(_draw_schema(draw, schema), draw(st.sampled_from([tf.int32, tf.int64])))
    return spec.relax(num_components=draw(st.booleans()))


@st.composite
def graphs(
    draw: Any,
    schema: Any = None,
    *,
    num_components: tuple[int, int] = (1, 4),
    num_nodes: tuple[int, int] = (0, 5),
    max_edges: int = 6,
) -> GraphDescription:
    """A `GraphDescription`: `build(gnnkit)` makes the graph.

    schema: a `GraphSchema`, or a strategy for it; `schemas()` by default. Its `_readout` sets follow the rules of
        structured readout.
    num_components: fewest and most.
    num_nodes: fewest and most nodes of a set in one component. Components may lack edges, or nodes where the fewest are 0.
    max_edges: of a set in one component. Both ends are drawn with replacement: there are parallel edges and loops.

    Indices are int32 or int64, row splits too. Floats are multiples of 1/4 between -2 and 2: each dtype holds them, and
    sums do not depend on the order. Integers are small, a few the least or greatest of their dtype.
    """
    schema = _draw_schema(draw, schema)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    components = draw(st.integers(*num_components))

    def draw_sizes(fewest: int, most: int) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(fewest, most), min_size=components, max_size=components)))

    node_sets: dict[str, SetDescription] = {}
    edge_sets: dict[str, SetDescription] = {}

    def add_nodes(name: str, sizes: np.ndarray) -> None:
        values = _generate.features_of(rng, schema.node_sets[name].features, int(sizes.sum()))
        node_sets[name] = SetDescription(sizes, values)

    readouts = {_generate.readout_node_set(name) for name in schema.edge_sets} - {None}
    for name in sorted(schema.node_sets):
        if name not in readouts and not name.startswith(_generate.SHADOW):
            add_nodes(name, draw_sizes(*num_nodes))
    for name, message in sorted(schema.edge_sets.items()):
        if _generate.readout_node_set(name) is None:
            ends = [node_sets[message.source], node_sets[message.target]]
            sizes = _generate.possible(draw_sizes(0, max_edges), ends)
            edge_sets[name] = _generate.edges(rng, schema, name, sizes, node_sets)
            if _generate.SHADOW + name in schema.node_sets:
                add_nodes(_generate.SHADOW + name, sizes)
    for readout in sorted(filter(None, readouts)):
        read = [m.source for name, m in schema.edge_sets.items() if _generate.readout_node_set(name) == readout]
        add_nodes(readout, _generate.possible(draw_sizes(0, 3), [node_sets[name] for name in read]))
        edge_sets.update(_generate.readout_edges(rng, schema, readout, node_sets))
    return GraphDescription(
        num_components=components,
        context=_generate.features_of(rng, schema.context.features, components),
        node_sets=node_sets,
        edge_sets=edge_sets,
        indices_dtype=draw(st.sampled_from(["int32", "int64"])),
        row_splits_dtype=draw(st.sampled_from(["int64", "int32"])),
    )


def _draw_schema(draw: Any, schema: Any) -> GraphSchema:
    schema = schemas() if schema is None else schema
    return draw(schema) if isinstance(schema, st.SearchStrategy) else schema
