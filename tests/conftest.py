"""What all tests share: seeds, quiet logs, and the place of the shared data."""

import os
import pathlib
import random
import sys

import hypothesis
import numpy as np
import pytest

# Programs that tests start in processes of their own; the search for doctests would run them.
collect_ignore = ["runner/trainers/kill_runs.py", "runner/trainers/workers.py"]

# Read when TensorFlow is loaded, hence set before any test module is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # tensorflow-gnn in tests/parity needs it; gnnkit never uses tf.keras
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same sums in the same order on every machine
os.environ.setdefault("MPLBACKEND", "Agg")  # there may be no display

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = 20240217


class _Seeds:
    """Every test starts from the same random state, whichever ran before it."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        random.seed(SEED)
        np.random.seed(SEED)
        # Not imported for this: tests of NumPy-only code need neither Keras nor TensorFlow.
        if keras := sys.modules.get("keras"):
            keras.utils.set_random_seed(SEED)


def pytest_configure(config: pytest.Config) -> None:
    # A plugin rather than a fixture, because fixtures of this file do not reach the doctests in gnnkit/.
    config.pluginmanager.register(_Seeds(), "gnnkit-seeds")
    # The same examples in every run; no deadline, because the first example of many traces a tf.function.
    hypothesis.settings.register_profile("gnnkit", derandomize=True, deadline=None)
    hypothesis.settings.load_profile("gnnkit")


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The folder of data that lies beside the checkout, or a skip where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the data folder {folder}, which is not part of the repository")
    return folder


@pytest.fixture(scope="session")
def clean_environment() -> dict[str, str]:
    """The environment for a fresh Python process, without what would change its warnings."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONWARNINGS", "PYTHONSTARTUP")}
