"""All operations give the same results on the JAX backend, with NumPy and with JAX arrays, and in jax.jit.

This file is a test and, with KERAS_BACKEND=jax, the program that the test runs: `test_jax.py RESULTS.npz`.
"""

import inspect
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import experimental, ops
from gnnkit.testing import random_graph

H = "hidden_state"
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT
REDUCE_TYPES = gnnkit.get_registered_reduce_operation_names()


def make_graph():
    """Parallel edges, loops, a component without edges; features of integers; nodes and edges read out together."""
    graph = random_graph(7, min_nodes=1)

    def edges(source, index, target, sizes):
        ends = gnnkit.Adjacency.from_indices((source, index), ("_readout", target))
        return gnnkit.EdgeSet.from_fields(sizes=sizes, adjacency=ends)

    papers, cites = graph.node_sets["paper"], graph.edge_sets["cites"]
    numbers = {
        f: {**p.features, "number": 10 * tf.range(p.total_size)} for f, p in (("paper", papers), ("cites", cites))
    }
    graph = graph.replace_features(node_sets={"paper": numbers["paper"]}, edge_sets={"cites": numbers["cites"]})
    return gnnkit.GraphTensor.from_pieces(
        graph.context,
        {
            **graph.node_sets,
            "_readout": gnnkit.NodeSet.from_fields(sizes=[1, 1, 1], features={"y": [1, 2, 3]}),
            "_shadow/cites": gnnkit.NodeSet.from_fields(sizes=cites.sizes, features={"y": tf.range(cites.total_size)}),
        },
        {
            **graph.edge_sets,
            "_readout/paper": edges("paper", [0, 5, 1], [0, 1, 2], [1, 1, 1]),
            "_readout/both/1": edges("paper", [1, 0], [0, 2], [1, 0, 1]),
            "_readout/both/2": edges("_shadow/cites", [3], [1], [0, 1, 0]),
        },
    )


def reverse_of_paper(g):
    """The papers of each component in the opposite order."""
    sizes = np.asarray(random_graph(7, min_nodes=1).node_sets["paper"].sizes)
    return np.concatenate([np.arange(n)[::-1] + end - n for n, end in zip(sizes, np.cumsum(sizes), strict=True)])


def sorted_numbers(g):
    """What shuffling must not change, whatever the random numbers: of each component or, of edges, in all."""
    papers, cites = g.node_sets["paper"], g.edge_sets["cites"]
    of_component = ops.broadcast_context_to_nodes(g, "paper", feature_value=np.array([0, 1000, 2000], "int32"))
    ends = [keras.ops.take(papers["number"], cites.adjacency[tag], axis=0) for tag in (S, T)]
    return [keras.ops.sort(papers["number"] + of_component), *ends]


# For each call of a public function, results from a graph.
IN_JIT = {
    "broadcast_node_to_edges": lambda g: ops.broadcast_node_to_edges(g, "cites", T, feature_name=H),
    "broadcast_context_to_nodes": lambda g: ops.broadcast_context_to_nodes(g, "venue", feature_name=H),
    "broadcast_context_to_edges": lambda g: ops.broadcast_context_to_edges(g, "writes", feature_name=H),
    "broadcast": lambda g: ops.broadcast(g, T, edge_set_name=["cites", "writes"], feature_name=H),
    "broadcast/context": lambda g: ops.broadcast(g, C, node_set_name=["paper"], feature_name=H),
    "node_degree": lambda g: ops.node_degree(g, "cites", S),
    "gather_first_node": lambda g: ops.gather_first_node(g, "author", feature_name=H),
    "pool/several": lambda g: [
        ops.pool(g, T, edge_set_name=["writes", "cites"], reduce_type="mean|max|sum", feature_name=H),
        ops.pool(g, C, node_set_name=["paper", "paper"], reduce_type="sum", feature_name=H),
    ],
    "pool_neighbors_to_node": lambda g: ops.pool_neighbors_to_node(
        g, ["cites", "cites"], T, reduce_type="sum", feature_name=H
    ),
    "pool_neighbors_to_node_feature": lambda g: ops.pool_neighbors_to_node_feature(
        g, "cites", S, reduce_type="max", feature_name=H, to_feature_name="new"
    ),
    "softmax": lambda g: [
        *ops.softmax(g, T, edge_set_name=["writes", "cites"], feature_name=H),
        ops.softmax(g, C, node_set_name="paper", feature_name=H),
    ],
    "softmax_edges_per_node": lambda g: ops.softmax_edges_per_node(g, "cites", S, feature_name=H),
    "combine_values": lambda g: [
        ops.combine_values([g.node_sets["paper"][H], g.node_sets["paper"][H]], "sum"),
        ops.combine_values([g.node_sets["paper"][H], g.node_sets["paper"][H][:, :2]], "concat"),
    ],
    "structured_readout": lambda g: [
        ops.structured_readout(g, "paper", feature_name=H),
        ops.structured_readout(g, "both", feature_name="number"),
    ],
    "structured_readout_into_feature": lambda g: ops.structured_readout_into_feature(
        g, "both", feature_name="number", remove_input_feature=True
    ),
    "validate_graph_tensor_for_readout": lambda g: ops.validate_graph_tensor_for_readout(g, ["both", "paper"]),
    "validate_graph_tensor_spec_for_readout": lambda g: ops.validate_graph_tensor_spec_for_readout(g.spec, ["both"]) or [],
    "add_readout_from_first_node": lambda g: [
        ops.add_readout_from_first_node(g, "seed", node_set_name="paper"),
        ops.add_readout_from_first_node(g, "seed", node_set_name="author", readout_node_set="_readout:new"),
    ],
    "context_readout_into_feature": lambda g: experimental.context_readout_into_feature(g, feature_name=H),
    "add_self_loops": lambda g: ops.add_self_loops(g, "cites"),
    "reorder_nodes": lambda g: ops.reorder_nodes(g, {"paper": reverse_of_paper(g)}),
    "shuffle_nodes": lambda g: sorted_numbers(ops.shuffle_nodes(g, node_sets=["paper"], seed=1)),
    "shuffle_features_globally": lambda g: keras.ops.sort(
        ops.shuffle_features_globally(g, seed=1).edge_sets["cites"]["number"]
    ),
    "segment_random_index_shuffle": lambda g: keras.ops.take(
        np.array([4, 4, 6, 6, 6], "int32"),
        experimental.segment_random_index_shuffle(segment_ids=np.array([4, 4, 6, 6, 6], "int32"), seed=1),
    ),
}  # fmt: skip
for reduce_type in REDUCE_TYPES:
    IN_JIT |= {
        f"pool_edges_to_node/{reduce_type}": lambda g, r=reduce_type: [
            ops.pool_edges_to_node(g, "cites", T, r, feature_name=name) for name in (H, "number")
        ],
        f"pool_nodes_to_context/{reduce_type}": lambda g, r=reduce_type: [
            ops.pool_nodes_to_context(g, "paper", r, feature_name=name) for name in (H, "number")
        ],
        f"pool_edges_to_context/{reduce_type}": lambda g, r=reduce_type: ops.pool_edges_to_context(
            g, "writes", r, feature_name=H
        ),
    }  # fmt: skip
# The same, where the number of results depends on values, or the random state changes.
NOT_IN_JIT = {
    "mask_edges": lambda g: ops.mask_edges(g, "cites", g.edge_sets["cites"][H][:, 0] > 0, "_removed"),
    "convert_to_line_graph": lambda g: ops.convert_to_line_graph(
        homogeneous_part(g), non_backtracking=True, connect_with_original_nodes=True,
        use_node_features_as_line_graph_edge_features=True,
    ),
    "shuffle_nodes/unseeded": lambda g: sorted_numbers(ops.shuffle_nodes(g, node_sets=["paper"])),
}  # fmt: skip
# For datasets, which are TensorFlow's, or without a graph.
NOT_ON_JAX = {
    "assert_satisfies_size_constraints", "pad_to_total_sizes", "satisfies_size_constraints",
    "get_registered_reduce_operation_names", "reverse_tag",
}  # fmt: skip


def homogeneous_part(g):
    return gnnkit.GraphTensor.from_pieces(g.context, {"paper": g.node_sets["paper"]}, {"cites": g.edge_sets["cites"]})


def arrays(result, name):
    """Name -> array, for whatever an operation returns."""
    if isinstance(result, gnnkit.GraphTensor):
        result = result._fields()
    if isinstance(result, (list, tuple)):
        return {k: v for i, part in enumerate(result) for k, v in arrays(part, f"{name}#{i}").items()}
    return {name: np.asarray(result)}


def results(calls, graph, prefix="", wrap=lambda fn: fn):
    found = wrap(lambda g: {name: fn(g) for name, fn in calls.items()})(graph)
    return {k: v for name, result in found.items() for k, v in arrays(result, f"{prefix}{name}").items()}


def test_every_operation_is_here():
    public = {n for n, value in vars(ops).items() if inspect.isfunction(value) and not n.startswith("_")}
    public |= {n for n in experimental.__all__ if inspect.isfunction(getattr(experimental, n))}
    assert public == {name.split("/")[0] for name in (*IN_JIT, *NOT_IN_JIT)} | NOT_ON_JAX


@pytest.mark.slow
def test_results(tmp_path):
    pytest.importorskip("jax")
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    program = [sys.executable, __file__, tmp_path / "results.npz"]
    done = subprocess.run(program, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    want = results(IN_JIT, make_graph()) | results(NOT_IN_JIT, make_graph())
    seen = set()
    with np.load(tmp_path / "results.npz") as got:
        for path in got.files:
            kind, name = path.split(":")
            seen.add((kind, name))
            expected = want[name]
            if "mean" in name and expected.dtype == np.float64:
                expected = expected.astype(np.float32)  # JAX has no float64.
            assert got[path].dtype == expected.dtype, path
            np.testing.assert_allclose(got[path], expected, 1e-5, 1e-6, err_msg=path)
    in_jit = {name for name in want if name.split("#")[0] in IN_JIT}
    assert seen == {(kind, name) for kind in ("numpy", "jax") for name in want} | {("jit", name) for name in in_jit}


def main(path: pathlib.Path) -> None:
    import jax

    assert keras.backend.backend() == "jax"
    with_numpy = make_graph()._map(np.asarray)
    with_jax = jax.tree.map(jax.numpy.asarray, with_numpy)
    every = IN_JIT | NOT_IN_JIT
    found = results(every, with_numpy, "numpy:") | results(every, with_jax, "jax:")
    found |= results(IN_JIT, with_jax, "jit:", jax.jit)
    np.savez(path, **found)
    for name, fn in NOT_IN_JIT.items():
        why = "should only use seeded random ops" if "unseeded" in name else "depends on values of the graph here"
        with pytest.raises(ValueError, match=why):
            jax.jit(fn)(with_jax)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
