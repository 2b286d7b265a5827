"""Whether the baselines of a config fit its features."""

from collections.abc import Iterator
from typing import Any

from gnnkit.runner.config._attribution import BASELINES
from gnnkit.runner.config._errors import Problem, nearest, unknown
from gnnkit.runner.config._features import CategoryFeature, Encoding, NumberFeature, TextHashFeature, VectorFeature
from gnnkit.runner.config._run import RunConfig


def attribution_problems(config: RunConfig) -> Iterator[Problem]:
    """Baselines of inputs that are not there, and values that an input cannot have."""
    baseline = config.attribution.baseline
    if isinstance(baseline, str):
        return
    inputs = {
        f"{set_name}.{name}": encoding
        for kind, sets in (("node_sets", config.features.node_sets), ("edge_sets", config.features.edge_sets))
        for set_name in sets
        for name, encoding in config.features.encoding(kind, set_name).items()
    }
    inputs |= {f"context.{name}": encoding for name, encoding in config.features.encoding("context", "").items()}
    for name, one in baseline.items():
        path = ("attribution", "baseline", name)
        if name not in inputs:
            yield Problem(path=path, message=unknown("input", name, sorted(inputs)))
        elif one not in BASELINES and not _fits(inputs[name], one):
            others = _VALUES.get(inputs[name].type)
            known = f"one of {', '.join(BASELINES)}{f', or {others},' if others else ''}"
            message = (
                f"expected {known} for an input of type {inputs[name].type!r}, got {one!r}.{nearest(one, BASELINES)}"
            )
            yield Problem(path=path, message=message)


_VALUES = {
    "number": "a number",
    "vector": "a list of numbers",
    "category": "a text or whole number",
    "text_hash": "a text",
}


def _fits(encoding: Encoding, value: Any) -> bool:
    """Whether a value can stand for the input."""
    if isinstance(encoding, NumberFeature):
        return isinstance(value, (int, float))
    if isinstance(encoding, VectorFeature):
        return isinstance(value, tuple)
    if isinstance(encoding, CategoryFeature):
        return isinstance(value, (int, str))
    return isinstance(encoding, TextHashFeature) and isinstance(value, str)
