"""Structured readout over generated graphs gives the values and errors of tensorflow-gnn."""

import hypothesis
import pytest

import gnnkit
from gnnkit.testing import GraphDescription, strategies

anything = strategies.graphs(strategies.schemas(readout=True))
few = hypothesis.settings(max_examples=12)


def _keys_and_names(graph: GraphDescription) -> list[tuple[str, str]]:
    """Keys that are read and one that is not; names of features, which some sets lack."""
    keys = {name.split("/")[1] for name in graph.edge_sets if name.startswith("_readout/")}
    names = {name for sets in (graph.node_sets, graph.edge_sets) for piece in sets.values() for name in piece.features}
    return [(key, name) for key in sorted(keys | {"nothing"}) for name in sorted(names | {"absent"})]


@pytest.mark.slow
@hypothesis.given(anything)
@few
def test_structured_readout(build_pair, assert_same_outcomes, graph):
    def calls():
        for key, name in _keys_and_names(graph):
            yield "structured_readout", (key,), {"feature_name": name}
            yield "structured_readout_into_feature", (key,), {"feature_name": name}
            arguments = {"feature_name": name, "overwrite": True, "remove_input_feature": True, "validate": False}
            yield "structured_readout_into_feature", (key,), arguments
            arguments = {"feature_name": name, "new_feature_name": "label"}
            yield "structured_readout_into_feature", (key,), arguments

    assert_same_outcomes(*build_pair(graph), calls())


@hypothesis.given(anything)
@few
def test_validation(build_pair, assert_same_outcomes, graph):
    def calls():
        for keys in (None, ["seed"], ["seed", "link"], ["nothing"]):
            yield "validate_graph_tensor_for_readout", (keys,), {}
        yield "validate_graph_tensor_for_readout", (), {"readout_node_set": "_readout:other"}
        yield "validate_graph_tensor_for_readout", (), {"readout_node_set": "readout"}

    ours, theirs = build_pair(graph)
    assert_same_outcomes(ours, theirs, calls())
    spec_calls = [("validate_graph_tensor_spec_for_readout", args, {}) for args in ((), (["seed"],), (["link"],))]
    assert_same_outcomes(ours.spec, theirs.spec, spec_calls)


@hypothesis.given(strategies.graphs(strategies.schemas(readout=True), num_nodes=(0, 2)))
@few
def test_add_readout_from_first_node(build_pair, assert_same_outcomes, graph):
    """To a readout node set that is there, with more or fewer nodes than components, and to a new one."""

    def calls():
        for node_set in [*graph.node_sets, "nothing"]:
            yield "add_readout_from_first_node", ("other",), {"node_set_name": node_set}
            arguments = {"node_set_name": node_set, "readout_node_set": "_readout:new"}
            yield "add_readout_from_first_node", ("seed",), arguments

    assert_same_outcomes(*build_pair(graph), calls())


@hypothesis.given(strategies.graphs(num_nodes=(1, 3)))
@few
def test_reading_first_nodes(make_pair, build_pair, assert_same_outcomes, graph):
    ours, theirs = build_pair(graph)
    for node_set, piece in graph.node_sets.items():
        added = [
            library.add_readout_from_first_node(g, "seed", node_set_name=node_set)
            for library, g in zip(make_pair(lambda library: library), (ours, theirs), strict=True)
        ]
        calls = [("structured_readout", ("seed",), {"feature_name": name}) for name in piece.features]
        calls.append(("add_readout_from_first_node", ("seed",), {"node_set_name": node_set}))
        assert_same_outcomes(*added, calls)
        gathered = [gnnkit.gather_first_node(ours, node_set, feature_name=name) for name in piece.features]
        read = [gnnkit.structured_readout(added[0], "seed", feature_name=name) for name in piece.features]
        for a, b in zip(gathered, read, strict=True):
            assert str(a) == str(b)
