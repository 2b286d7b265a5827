"""What a run learned from its data, as a file: the plan of features and the names of classes.

With it a trained model can be applied to other tables, whose statistics and vocabularies would be others.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.pipeline._features import (
    CategoryInput,
    FeaturePlan,
    IdInput,
    Input,
    NumberInput,
    TextHashInput,
    VectorInput,
)

FILE = "learned.json"
_VERSION = 2
_TYPES = {cls.__name__: cls for cls in (CategoryInput, IdInput, NumberInput, TextHashInput, VectorInput)}


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Learned:
    """What was learned from data before training.

    plan: statistics and vocabularies of the inputs.
    classes: task -> names of its classes, in the order of their numbers; `""` is the task that stands alone.
    widths: task without classes -> the shape of a label.
    """

    plan: FeaturePlan
    classes: Mapping[str, tuple[str, ...]]
    widths: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)

    def save(self, folder: Path) -> Path:
        """Writes `learned.json` into a folder and returns its path."""
        document = {
            "version": _VERSION,
            "classes": {name: list(names) for name, names in self.classes.items()},
            "widths": {name: list(width) for name, width in self.widths.items()},
            "node_sets": _sets_to_json(self.plan.node_sets),
            "edge_sets": _sets_to_json(self.plan.edge_sets),
        }
        path = folder / FILE
        path.write_text(json.dumps(document) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: Path) -> "Learned":
        """Reads the file back. `RunError`: it is not there, or not of this version."""
        path = folder / FILE
        if not path.is_file():
            raise RunError(f"{folder} is not the folder of a finished run: it has no {FILE}. Give a run's model_dir.")
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["version"] != _VERSION:
                raise RunError(f"{path} has version {document['version']}; this gnnkit reads version {_VERSION}.")
            plan = FeaturePlan(
                node_sets=_sets_from_json(document["node_sets"]), edge_sets=_sets_from_json(document["edge_sets"])
            )
            return cls(
                plan=plan,
                classes={name: tuple(names) for name, names in document["classes"].items()},
                widths={name: tuple(width) for name, width in document["widths"].items()},
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path} is damaged ({type(error).__name__}: {error}). Train the run again.") from error


def _sets_to_json(sets: Mapping[str, tuple[Input, ...]]) -> dict[str, Any]:
    return {name: [_to_json(item) for item in inputs] for name, inputs in sets.items()}


def _sets_from_json(document: dict[str, Any]) -> dict[str, tuple[Input, ...]]:
    return {name: tuple(_from_json(item) for item in inputs) for name, inputs in document.items()}


def _to_json(item: Input) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    return {"type": type(item).__name__, **{name: _plain(value) for name, value in values.items()}}


def _from_json(document: dict[str, Any]) -> Input:
    values = dict(document)
    cls = _TYPES[values.pop("type")]
    return cls(**{name: _restored(value) for name, value in values.items()})  # type: ignore[return-value]


def _plain(value: Any) -> Any:
    # JSON has neither bytes nor arrays; Latin-1 gives each byte a sign of its own.
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, np.ndarray):
        return {"array": [_plain(item) for item in value.tolist()], "dtype": value.dtype.str}
    if isinstance(value, tuple):
        return {"tuple": [_plain(item) for item in value]}
    return value


def _restored(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "bytes" in value:
        return value["bytes"].encode("latin-1")
    if "array" in value:
        return np.array([_restored(item) for item in value["array"]], np.dtype(value["dtype"]))
    return tuple(_restored(item) for item in value["tuple"])
