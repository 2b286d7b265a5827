"""All layers and models on the JAX backend.

The outputs of TensorFlow, under `jax.jit`, and a gradient for each weight; and `fit` of all models on padded graphs.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import gnnkit

pytest.importorskip("jax")


def _cases():
    """The list in conftest.py, for this process and for the one with the other backend."""
    spec = importlib.util.spec_from_file_location("cases", pathlib.Path(__file__).with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["cases"] = module  # For the dataclasses in it.
    spec.loader.exec_module(module)
    return module.CASES


def _leaves(output):
    fields = output._fields() if isinstance(output, gnnkit.GraphTensor) else [output]
    return [np.asarray(f) for f in fields]


@pytest.mark.slow
def test_jax_agrees_with_tensorflow(tmp_path):
    for case in _cases():
        layer = case.make()
        output = layer(case.graph(), **case.call_kwargs)
        np.savez(tmp_path / f"{case.name}.weights.npz", *layer.get_weights())
        np.savez(tmp_path / f"{case.name}.output.npz", *_leaves(output))
    _run_on_jax("compare", tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_jax_fit():
    _run_on_jax("fit")


def _run_on_jax(*arguments):
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=1000)
    assert done.returncode == 0, done.stdout + done.stderr


def _compare(case, folder):
    import jax

    graph = jax.tree.map(np.asarray, case.graph())
    layer = case.make()
    layer(gnnkit.keras.Input(graph.spec), **case.call_kwargs)  # Builds it.
    saved = np.load(folder / f"{case.name}.weights.npz")
    layer.set_weights(list(saved.values()))

    def loss(weights, graph):
        others = [v.value for v in layer.non_trainable_variables]
        output, _ = layer.stateless_call(weights, others, graph, **case.call_kwargs)
        floats = [x for x in jax.tree.leaves(output) if jax.numpy.issubdtype(x.dtype, jax.numpy.floating)]
        return sum(jax.numpy.sum(x**2) for x in floats), output

    weights = [v.value for v in layer.trainable_variables]
    gradients, output = jax.jit(jax.grad(loss, has_aux=True))(weights, graph)
    wanted = np.load(folder / f"{case.name}.output.npz").values()
    for got, want in zip(_leaves(output), wanted, strict=True):
        np.testing.assert_allclose(got, want, 1e-4, 1e-5)
    for weight, gradient in zip(layer.trainable_variables, gradients, strict=True):
        # A receiver's own term in GAT's scores cancels in the softmax where its senders lie on one side of leaky_relu.
        may_cancel = case.name == "GATMPNN" and any(part in weight.path for part in ("/query/", "/attn_receiver/"))
        assert np.all(np.isfinite(gradient)), f"the gradient of {weight.path} is not finite"
        assert may_cancel or np.any(gradient), f"no gradient reaches {weight.path}"


def _padded(graph):
    """With one fake component, in which each node set has a node."""
    import jax

    constraints = gnnkit.SizeConstraints(
        int(graph.num_components) + 1,
        {name: 20 for name in graph.node_sets},
        {name: 30 for name in graph.edge_sets},
        min_nodes_per_component=dict.fromkeys(graph.node_sets, 1),
    )
    padded, mask = gnnkit.pad_to_total_sizes(graph, constraints)
    return jax.tree.map(np.asarray, padded), np.asarray(mask, np.float32)


def _fit(case):
    """Two graphs, one after the other, with labels of the first nodes; returns whether the case is a model to train."""
    keras.utils.set_random_seed(1)
    graphs = [_padded(case.graph(seed)) for seed in (3, 4)]
    inputs = gnnkit.keras.Input(graphs[0][0].spec)
    layer = case.make()
    hidden = layer(inputs, **case.call_kwargs)
    if not (isinstance(hidden, gnnkit.GraphTensor) and layer.trainable_variables):
        return False
    name = "paper" if "paper" in inputs.node_sets else "a"
    roots = gnnkit.keras.layers.ReadoutFirstNode(node_set_name=name)(hidden)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(1)(roots))
    assert gnnkit.keras.trim_to_roots(model) is model
    assert "static on this backend" in str(gnnkit.keras.explain_trimming(model))
    labels = [np.linspace(-1, 1, len(mask), dtype=np.float32)[:, None] for _, mask in graphs]
    batches = [(graph, label, mask) for (graph, mask), label in zip(graphs, labels, strict=True)]

    def forever():
        while True:
            yield from batches

    model.compile(keras.optimizers.Adam(0.02), "mse")
    assert model.jit_compile, [layer for layer in model._flatten_layers() if not layer.supports_jit]
    losses = model.fit(forever(), steps_per_epoch=2, epochs=6, verbose=0).history["loss"]
    assert np.isfinite(losses).all() and losses[-1] < losses[0], losses
    return True


def main(what, folder=None):
    assert keras.backend.backend() == "jax"
    failed, fitted = [], 0
    for case in _cases():
        try:
            if what == "fit":
                fitted += _fit(case)
            else:
                _compare(case, pathlib.Path(folder))
        except Exception as error:
            failed.append(f"{case.name}: {type(error).__name__}: {error}")
    if what == "fit" and fitted + len(failed) < 20:
        failed.append(f"Only {fitted} models were trained.")
    sys.exit("\n\n".join(failed) or None)


if __name__ == "__main__":
    main(*sys.argv[1:])
