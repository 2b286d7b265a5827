"""Graphs are pytrees on the JAX backend too, and layers run on them."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("jax")

PROGRAM = """
import gnnkit, jax, keras, numpy as np
from gnnkit.models import vanilla_mpnn

assert keras.backend.backend() == "jax"
x = np.arange(12, dtype="float32").reshape(3, 4)
graph = gnnkit.homogeneous(np.array([0, 1], "int32"), np.array([1, 2], "int32"), node_features=x)
assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(graph))
copied = jax.tree.map(lambda leaf: leaf, graph)
assert isinstance(copied, gnnkit.GraphTensor) and copied.spec == graph.spec

@jax.jit
def double(graph):
    return graph.replace_features(node_sets={"nodes": {"hidden_state": graph.node_sets["nodes"]["hidden_state"] * 2}})

np.testing.assert_allclose(double(graph).node_sets["nodes"]["hidden_state"], x * 2)
pooled = gnnkit.pool_neighbors_to_node(graph, "edges", gnnkit.TARGET, reduce_type="sum", feature_name="hidden_state")
np.testing.assert_allclose(pooled, [[0] * 4, x[0], x[1]])
largest = gnnkit.pool_neighbors_to_node(graph, "edges", gnnkit.TARGET, reduce_type="max", feature_name="hidden_state")
np.testing.assert_allclose(largest[0], np.finfo("float32").min)

padded, mask = gnnkit.pad_to_total_sizes(graph, gnnkit.SizeConstraints(2, {"nodes": 5}, {"edges": 4}))
assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(padded)) and mask.tolist() == [True, False]
assert padded.node_sets["nodes"].sizes.tolist() == [3, 2]
sums = jax.jit(lambda g: gnnkit.pool_neighbors_to_node(g, "edges", 1, reduce_type="sum", feature_name="hidden_state"))
np.testing.assert_allclose(sums(padded)[:3], pooled)

inputs = gnnkit.keras.Input(graph.spec)
updated = vanilla_mpnn.VanillaMPNNGraphUpdate(units=8, message_dim=4, receiver_tag=gnnkit.TARGET)(inputs)
outputs = keras.layers.Dense(2)(gnnkit.keras.layers.Readout(node_set_name="nodes")(updated))
model = gnnkit.keras.Model(inputs, outputs)
assert model(graph).shape == (3, 2)
print("fine")
"""


def test_jax_backend():
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("fine")
