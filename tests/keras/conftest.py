"""One list of all layers and models over graphs; the contract, mixed precision and other laws run over it."""

import importlib.util
import pathlib
import sys
from typing import Any

import keras
import pytest


def _load(name: str) -> Any:
    """A file beside this one, once: test files are no package, and test_jax_contract.py loads this file again."""
    module_name = f"keras_{name}"
    if module_name not in sys.modules:
        spec: Any = importlib.util.spec_from_file_location(module_name, pathlib.Path(__file__).with_name(f"{name}.py"))
        sys.modules[module_name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[module_name]


LAYERS = _load("layer_cases").LAYERS
CASES = [*LAYERS, *_load("model_cases").MODELS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def policy(request: pytest.FixtureRequest):
    """Sets the global dtype policy to the parameter; the old one comes back."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)
