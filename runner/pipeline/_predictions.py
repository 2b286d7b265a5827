"""What a model says, as a table: classes, numbers, or scores of links."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.pipeline._items import ARROW

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Predictions(abc.ABC):
    """Predictions for N items.

    keys: name of a column -> N texts that tell the items apart: `id` of nodes, `source` and `target` of edges.
    noun: what the items are.
    """

    keys: Mapping[str, tuple[str, ...]]
    noun: str = "nodes"

    def __len__(self) -> int:
        return len(next(iter(self.keys.values())))

    @property
    def ids(self) -> tuple[str, ...]:
        """One text for each item, `source->target` for edges."""
        return tuple(ARROW.join(parts) for parts in zip(*self.keys.values(), strict=True))

    @abc.abstractmethod
    def _columns(self) -> dict[str, Any]:
        """The columns after the keys."""

    @abc.abstractmethod
    def _line(self, row: int) -> str:
        """What is predicted for an item."""

    @abc.abstractmethod
    def _title(self) -> str:
        """What the predictions are."""

    def to_arrow(self) -> pa.Table:
        """The keys, `predicted`, `label` (null where unknown), and what there is besides."""
        import pyarrow as pa

        keys = {name: pa.array(values, pa.string()) for name, values in self.keys.items()}
        return pa.table({**keys, **self._columns()})

    def write(self, path: str | Path) -> Path:
        """Writes `to_arrow` to a file that ends with `.parquet` or `.csv`. `RunError`: another ending."""
        import pyarrow.csv
        import pyarrow.parquet

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            pyarrow.parquet.write_table(self.to_arrow(), str(path))
        elif path.suffix == ".csv":
            pyarrow.csv.write_csv(self.to_arrow(), str(path))
        else:
            raise RunError(f"Cannot write predictions to {path}: expected a name that ends with .parquet or .csv.")
        return path

    def __repr__(self) -> str:
        lines = [f"  {name}: {self._line(row)}" for row, name in enumerate(self.ids[:_SHOWN])]
        more = [f"  ... ({len(self) - _SHOWN:,} more)"] if len(self) > _SHOWN else []
        return "\n".join([self._title(), *lines, *more])


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ClassPredictions(Predictions):
    """Predicted classes of N items, K classes.

    classes: names of the classes. probabilities: float32 `[N, K]`.
    labels: the known class of each item, or None where there is none.

    >>> import numpy as np
    >>> predictions = ClassPredictions(
    ...     keys={"id": ("a",)}, classes=("no", "yes"), probabilities=np.array([[0.25, 0.75]]), labels=(None,))
    >>> predictions.predicted
    ('yes',)
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    labels: tuple[str | None, ...]

    @property
    def predicted(self) -> tuple[str, ...]:
        """The most probable class of each item."""
        return tuple(self.classes[place] for place in self.probabilities.argmax(axis=1))

    def _columns(self) -> dict[str, Any]:
        import pyarrow as pa

        columns: dict[str, Any] = {
            "predicted": pa.array(self.predicted, pa.string()),
            "label": pa.array(self.labels, pa.string()),
        }
        for place, name in enumerate(self.classes):
            columns[f"probability_{name}"] = pa.array(self.probabilities[:, place].astype(np.float32))
        return columns

    def _title(self) -> str:
        return f"Predictions of {len(self):,} {self.noun} in {len(self.classes)} classes"

    def _line(self, row: int) -> str:
        label = "" if self.labels[row] is None else f", label {self.labels[row]}"
        return f"{self.predicted[row]} ({self.probabilities[row].max():.1%}){label}"


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class NumberPredictions(Predictions):
    """Predicted numbers of N items, K each.

    values: float32 `[N, K]`. labels: float32 `[N, K]`, NaN where a number is not known; or None.

    >>> import numpy as np
    >>> NumberPredictions(keys={"id": ("a",)}, values=np.array([[2.5]]), labels=np.array([[3.0]]))
    Predictions of 1 nodes
      a: 2.5, label 3
    """

    values: np.ndarray
    labels: np.ndarray | None = None

    def _columns(self) -> dict[str, Any]:
        import pyarrow as pa

        columns: dict[str, Any] = {}
        for kind, numbers in (("predicted", self.values), ("label", self.labels)):
            if numbers is None:
                continue
            for place in range(self.values.shape[1]):
                name = kind if self.values.shape[1] == 1 else f"{kind}_{place}"
                columns[name] = pa.array(numbers[:, place].astype(np.float32), from_pandas=True)
        return columns

    def _title(self) -> str:
        return f"Predictions of {len(self):,} {self.noun}"

    def _line(self, row: int) -> str:
        known = self.labels is not None and np.isfinite(self.labels[row]).all()
        return _numbers(self.values[row]) + (f", label {_numbers(self.labels[row])}" if known else "")  # type: ignore[index]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class LinkPredictions(Predictions):
    """Probabilities that N pairs of nodes are joined.

    probabilities: float32 `[N]`. known: bool `[N]`, whether the data has such an edge.
    """

    probabilities: np.ndarray
    known: np.ndarray

    def _columns(self) -> dict[str, Any]:
        import pyarrow as pa

        return {"probability": pa.array(self.probabilities.astype(np.float32)), "known": pa.array(self.known)}

    def _title(self) -> str:
        return f"Predictions of {len(self):,} links"

    def _line(self, row: int) -> str:
        return f"{self.probabilities[row]:.1%}" + (", known" if self.known[row] else "")


def _numbers(values: Sequence[float] | np.ndarray) -> str:
    return " ".join(f"{value:g}" for value in values)
