"""Models learn Cora as well as their papers say; two seeds here, five in `python benchmarks/cora.py`."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "benchmarks" / "cora.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("cora_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # For the dataclasses in it.
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("model, least", [("gcn", 0.815), ("gat_v2", 0.82), ("graph_sage", 0.80), ("appnp", 0.83)])
def test_accuracy(benchmark, shared_data, model, least):
    cora = benchmark.load(shared_data / "cora.npz")
    found = np.array([benchmark.accuracy(cora, benchmark.RECIPES[model], seed) for seed in range(2)])
    print(f"{model}: {found}")
    assert found.mean() >= least, found
