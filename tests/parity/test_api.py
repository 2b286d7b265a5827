"""`import gnnkit as tfgnn`: every public name of tensorflow_gnn is there and takes the same arguments."""

import importlib
import inspect
import types

import pytest
import tensorflow as tf

MODULES = ["", ".proto", ".sampler"]


def _public(module) -> list[str]:
    # `converters` is there once some test has imported it; gnnkit.interop has its names.
    return [name for name in dir(module) if not name.startswith("_") and name != "converters"]


def _parameters(fn) -> list[inspect.Parameter]:
    parameters = inspect.signature(fn).parameters.values()
    return [p for p in parameters if p.name not in ("self", "cls") and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _problems(name: str, ours, theirs) -> list[str]:
    """Where a call that tensorflow_gnn takes would fail, or mean something else."""
    mine = {p.name: p for p in _parameters(ours)}
    names = [p.name for p in _parameters(theirs)]
    found = []
    for place, wanted in enumerate(_parameters(theirs)):
        have = mine.get(wanted.name)
        if have is None or have.kind != wanted.kind or have.default != wanted.default:
            found.append(f"{name}: {have} instead of {wanted}")
        elif wanted.kind == wanted.POSITIONAL_OR_KEYWORD and list(mine).index(wanted.name) != place:
            found.append(f"{name}: {wanted.name} is at another place")
    found += [f"{name}: needs {p.name}" for p in mine.values() if p.name not in names and p.default is p.empty]
    return found


def _class_problems(name: str, ours: type, theirs: type) -> list[str]:
    of_tensorflow = {*dir(tf.TypeSpec), *dir(tf.__internal__.CompositeTensor), *dir(tuple), *dir(Exception)}
    found = []
    for member in set(_public(theirs)) - of_tensorflow:
        wanted, have = inspect.getattr_static(theirs, member), getattr(ours, member, None)
        if have is None:
            found.append(f"{name}.{member} is not there")
        elif callable(getattr(theirs, member)):
            found += _problems(f"{name}.{member}", have, getattr(theirs, member))
        elif isinstance(wanted, property) and not isinstance(have, property):
            found.append(f"{name}.{member} is no property")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_names(tfgnn, module):
    ours, theirs = (importlib.import_module(f"{package}{module}") for package in ("gnnkit", "tensorflow_gnn"))
    problems = []
    for name in _public(theirs):
        if not hasattr(ours, name):
            problems.append(f"{name} is not there")
            continue
        have, wanted = getattr(ours, name), getattr(theirs, name)
        if isinstance(wanted, types.FunctionType):
            problems += _problems(name, have, wanted)
        elif (
            inspect.isclass(wanted)
            and wanted.__module__.startswith("tensorflow_gnn")
            and "_pb2" not in wanted.__module__
        ):
            problems += _class_problems(name, have, wanted)
        elif isinstance(wanted, int | str):
            assert have == wanted, name
    assert not problems, "\n".join(sorted(problems))
