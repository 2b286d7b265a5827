"""Importing gnnkit is cheap and silent, and its public names change only on purpose."""

import importlib
import json
import pathlib
import subprocess
import sys
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = pathlib.Path(__file__).parent / "public_names.txt"

# Packages whose names are a promise. One that does not exist (yet) is passed over.
PUBLIC = (
    "gnnkit",
    "gnnkit.attribution",
    "gnnkit.compat",
    "gnnkit.compat.deepstruct",
    "gnnkit.compat.nsl",
    "gnnkit.datasets",
    "gnnkit.experimental",
    "gnnkit.experimental.sampler",
    "gnnkit.graph",
    "gnnkit.interop",
    "gnnkit.interop.tfgnn",
    "gnnkit.io",
    "gnnkit.keras",
    "gnnkit.keras.initializers",
    "gnnkit.keras.layers",
    "gnnkit.keras.metrics",
    "gnnkit.models",
    "gnnkit.models.appnp",
    "gnnkit.models.contrastive_losses",
    "gnnkit.models.gat",
    "gnnkit.models.gat_v2",
    "gnnkit.models.gcn",
    "gnnkit.models.gin",
    "gnnkit.models.graph_sage",
    "gnnkit.models.hgt",
    "gnnkit.models.mt_albis",
    "gnnkit.models.multi_head_attention",
    "gnnkit.models.pna",
    "gnnkit.models.rgcn",
    "gnnkit.models.transformer_conv",
    "gnnkit.models.vanilla_mpnn",
    "gnnkit.ops",
    "gnnkit.regularization",
    "gnnkit.runner",
    "gnnkit.runner.config",
    "gnnkit.samplers",
    "gnnkit.samplers.beam",
    "gnnkit.schemas",
    "gnnkit.sparse",
    "gnnkit.testing",
    "gnnkit.testing.strategies",
    "gnnkit.viz",
)

# What a lazy package must leave alone until something of it is used.
HEAVY = ("apache_beam", "matplotlib", "networkx", "pandas", "tensorflow_gnn", "tf_keras", "tensorboard")
TENSORFLOW = ("tensorflow", "keras", "numba")

LIST_MODULES = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


def exists(package: str) -> bool:
    path = ROOT / package.replace(".", "/")
    return (path / "__init__.py").exists() or path.with_suffix(".py").exists()


def modules_after_import(package: str, environment: dict[str, str]) -> set[str]:
    if not exists(package):
        pytest.skip(f"{package} is not there yet")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIST_MODULES, package],
        env=environment,
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "package",
    ["gnnkit", "gnnkit.runner", "gnnkit.runner.cli", "gnnkit.runner.config", "gnnkit.samplers", "gnnkit.datasets"]
    + ["gnnkit.schemas"],
)
def test_import_is_light(package, clean_environment):
    modules = modules_after_import(package, clean_environment)
    assert not modules.intersection(HEAVY + TENSORFLOW)


def test_import_of_the_core_leaves_the_runner_alone(clean_environment):
    modules = modules_after_import("gnnkit", clean_environment)
    assert not [name for name in modules if name.startswith(("gnnkit.runner", "gnnkit.samplers"))]


def test_reading_a_schema_needs_no_tensorflow(clean_environment):
    modules = modules_after_import("gnnkit.schemas.graph_schema_pb2", clean_environment)
    assert not modules.intersection(HEAVY + TENSORFLOW)


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_there(package):
    if not exists(package):
        pytest.skip(f"{package} is not there yet")
    module = importlib.import_module(package)
    missing = [name for name in names_of(package) if not hasattr(module, name)]
    assert not missing, f"{package}.__all__ has names that the package has not: {missing}"


def test_public_names():
    found = public_names()
    expected = GOLDEN.read_text().splitlines()
    assert found == expected, (
        f"Public names have come: {sorted({*found} - {*expected})}, gone: {sorted({*expected} - {*found})}. "
        "If that is wanted: `python tests/test_import.py`, and say so in CHANGELOG.md."
    )


def names_of(package: str) -> list[str]:
    """`__all__`, or where a package has none, all that it imports `as` itself."""
    module = importlib.import_module(package)
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    )


def public_names() -> list[str]:
    """`package.name` for every public name of every public package."""
    return sorted(f"{package}.{name}" for package in filter(exists, PUBLIC) for name in names_of(package))


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{name}\n" for name in public_names()))
    print(f"{GOLDEN}: {len(GOLDEN.read_text().splitlines())} names")
