"""Contrastive learning on the JAX backend: under `jax.jit`, what TensorFlow gives."""

import functools
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import gnnkit
from gnnkit.models import contrastive_losses
from gnnkit.models.contrastive_losses import CorruptionSpec

pytest.importorskip("jax")


def _results(jit):
    """Name -> result of each layer, loss and metric."""
    random = np.random.default_rng(0)
    x = random.normal(size=[7, 3, 4]).astype("float32")
    weight = np.array([1, 2, 0, 1, 1, 0, 1], "float32")
    infomax = contrastive_losses.DeepGraphInfomaxLogits()
    infomax.build([None, 2, 4])
    infomax.set_weights([random.normal(size=[4, 4])])
    functions = {"infomax": lambda x: infomax(x[:, :2], sample_weight=weight)}
    functions["distances"] = contrastive_losses.TripletEmbeddingSquaredDistances()
    for loss in (contrastive_losses.BarlowTwinsLoss(), contrastive_losses.VicRegLoss()):
        functions[loss.name] = functools.partial(lambda loss, x: loss(weight, x[:, :2], weight), loss)
    triplet = contrastive_losses.TripletLoss()
    functions[triplet.name] = lambda x: triplet(weight, x[:, 0, :2], weight)
    for name in ("self_clustering", "pseudo_condition_number", "numerical_rank", "rankme", "coherence"):
        metric = getattr(contrastive_losses, name)
        functions[name] = functools.partial(lambda metric, x: metric(x[:, 0]), metric)
    results = {name: np.asarray(jit(function)(x)) for name, function in functions.items()}
    svd_metrics = contrastive_losses.AllSvdMetrics()
    svd_metrics.update_state(weight, x[:, 0], weight)
    return {**results, **{f"svd_{name}": np.asarray(value) for name, value in svd_metrics.result().items()}}


@pytest.mark.slow
def test_jax_agrees_with_tensorflow(tmp_path):
    np.savez(tmp_path / "results.npz", **_results(lambda function: function))
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, __file__, tmp_path], capture_output=True, text=True, env=env, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr


def _check_corruptors():
    import jax

    graph = gnnkit.homogeneous([0], [1], node_features={"x": np.arange(1, 41, dtype="float32")})
    half = CorruptionSpec({"nodes": {"x": 0.5}})
    for corruptor, num_changed in (
        (contrastive_losses.ShuffleFeaturesGlobally(seed=1), range(30, 41)),
        (contrastive_losses.ShuffleFeaturesGlobally(half, seed=1), range(15, 21)),
        (contrastive_losses.DropoutFeatures(half, seed=1), range(40, 41)),
    ):
        corruptor(gnnkit.keras.Input(graph.spec))  # Builds it.
        before, draws = graph.node_sets["nodes"]["x"], []
        state = [v.value for v in corruptor.non_trainable_variables]
        call = jax.jit(functools.partial(corruptor.stateless_call, []))
        for _ in range(2):
            output, state = call(state, graph)
            draws.append(np.asarray(output.node_sets["nodes"]["x"]))
            assert np.sum(draws[-1] != before) in num_changed
        assert not np.array_equal(*draws)


def main(folder):
    import jax

    assert keras.backend.backend() == "jax"
    wanted = np.load(folder / "results.npz")
    for name, got in _results(jax.jit).items():
        np.testing.assert_allclose(got, wanted[name], 1e-5, 1e-6, err_msg=name)
    _check_corruptors()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
