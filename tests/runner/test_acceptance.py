"""The example configs reach what the project promises; several seeds in one process."""

import time
from pathlib import Path

import numpy as np
import pytest

from gnnkit.runner.config import load
from gnnkit.runner.pipeline import execute

CONFIGS = Path(__file__).parents[2] / "colabs" / "configs"


def runs(name, seeds, folder, *overrides):
    """Accuracy on the test nodes for each seed; figures, seconds too, are printed (`pytest -rP`), not judged."""
    found = []
    for seed in range(seeds):
        start = time.monotonic()
        own = [f"seed={seed}", f"model_dir={folder / str(seed)}", *overrides]
        summary = execute(load(CONFIGS / name, own), quiet=True)
        found.append(summary.metrics["test"]["accuracy"])
        print(f"{name} seed {seed}: test accuracy {found[-1]:.4f} in {time.monotonic() - start:.0f} s")
    return np.array(found)


# Without export and attribution, which do not change the metrics; test_export.py has those.
LEAN = ["export.enabled=false", "attribution.enabled=false", "training.tensorboard=false"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_openflights(shared_data, tmp_path):
    accuracy = runs("openflights.yaml", 3, tmp_path, *LEAN)
    assert accuracy.mean() >= 0.96, accuracy


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_cora(shared_data, tmp_path):
    accuracy = runs("cora.yaml", 5, tmp_path, *LEAN)
    assert accuracy.mean() >= 0.815, accuracy


@pytest.mark.slow
def test_demo(tmp_path):
    accuracy = runs("demo.yaml", 1, tmp_path)
    # The largest class has a quarter of the papers, and a model of the papers' own features stays below 0.5.
    assert accuracy[0] > 0.6, accuracy
