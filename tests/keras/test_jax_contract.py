"""All layers and models on the JAX backend: the outputs of TensorFlow, under `jax.jit`, and a gradient for each weight."""

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
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, __file__, tmp_path], capture_output=True, text=True, env=env, timeout=1000)
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
        assert np.all(np.isfinite(gradient)) and np.any(gradient), f"no gradient reaches {weight.path}"


def main(folder):
    assert keras.backend.backend() == "jax"
    failed = []
    for case in _cases():
        try:
            _compare(case, folder)
        except Exception as error:
            failed.append(f"{case.name}: {type(error).__name__}: {error}")
    sys.exit("\n\n".join(failed) or None)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
