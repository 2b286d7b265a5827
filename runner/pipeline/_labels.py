"""From the label feature to class numbers."""

import dataclasses
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import Classes, CustomTask, LabelledTask, LinkPrediction, Numbers, YesOrNo
from gnnkit.runner.pipeline._columns import text
from gnnkit.runner.pipeline._items import Items, items_of
from gnnkit.samplers import GraphTables

MISSING = -1


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Labels:
    """What is known about the items of a task.

    items: what the task is about. feature: the feature that the labels were read from.
    values: the class of each item from 0, int64 `[V]`, -1 where the label is missing (a negative number, an empty text,
        NaN); of a regression, float32 `[V]` or `[V, K]`, NaN where it is missing; of a task of the user's, the feature.
    names: the classes' names, in the order of their numbers; empty without classes.
    unknown: the values that stand for none of the classes, with the number of items that have them.
    """

    items: Items
    feature: str
    values: np.ndarray
    names: tuple[str, ...]
    unknown: tuple[tuple[str, int], ...] = ()

    @property
    def labelled(self) -> Any:
        """bool `[V]`, which items have a label."""
        if self.names:
            return np.not_equal(self.values, MISSING)
        if self.values.dtype.kind != "f":
            return np.ones(len(self.values), bool)
        return np.isfinite(self.values.reshape(len(self.values), -1)).all(axis=1)

    @property
    def where(self) -> str:
        """`SET.FEATURE`."""
        return f"{self.items.set_name}.{self.feature}"

    @property
    def num_classes(self) -> int:
        """How many classes there are, those without a node included."""
        return len(self.names)


def resolve_labels(task: LabelledTask, tables: GraphTables, *, known: Sequence[str] | None = None) -> Labels:
    """Reads the labels of a task.

    known: the names of the classes that a model was trained for; they hold unless `task.classes` says otherwise.
    Whole numbers are class numbers, unless `task.classes` lists numbers: then those are the values of classes 0, 1, ...
    Texts are looked up in `task.classes`; without it, they are sorted.
    Raises `RunError` for labels that are neither, for numbers beyond the classes and for a single class.
    """
    items = items_of(task, tables)
    if isinstance(task, LinkPrediction):
        return Labels(items=items, feature=task.label, values=np.ones(items.count, np.int64), names=("no", "yes"))
    if isinstance(task, CustomTask):
        return Labels(items=items, feature=task.label, values=items.column(task.label, rank=None), names=())
    if isinstance(task, Numbers):
        return _numbers(task, items)
    column = items.column(task.label)
    if isinstance(task, YesOrNo):
        return _binary(task, items, column)
    is_text = column.dtype.kind in "OSU"
    if known is not None and task.classes is None:
        task = task.model_copy(update={"classes": tuple(known) if is_text else len(known)})
    if is_text:
        return _from_texts(task, items, column)
    if column.dtype.kind not in "iub":
        raise RunError(
            f"Labels {items.set_name}.{task.label} are {column.dtype}; expected whole numbers from 0, or texts. "
            "Change the feature's dtype in the schema to DT_INT64 or DT_STRING."
        )
    return _from_numbers(task, items, column.astype(np.int64))


def check_labelled(labels: Labels, part: str, rows: np.ndarray) -> None:
    """Raises `RunError` if items of a part of the split have no label.

    part: the part's name. rows: int64 `[N]`, its items.
    """
    bad = rows[~labels.labelled[rows]]
    if len(bad):
        noun = labels.items.noun
        values = f" Values that are no class: {_counts(labels.unknown)}." if labels.unknown else ""
        what, way = "not a number", ","
        if labels.names:
            what, way = "empty or negative, or no class", ", name all classes in task.classes,"
        raise RunError(
            f"{len(bad):,} of {len(rows):,} {part} {noun} have no label: {labels.where} is {what}, at "
            f"{labels.items.show(bad)}.{values} Give them labels{way} or leave them out of the split."
        )


def _numbers(task: Numbers, items: Items) -> Labels:
    column = items.column(task.label, rank=None)
    where = f"{items.set_name}.{task.label}"
    if column.dtype.kind not in "iubf" or column.ndim > 2:
        raise RunError(
            f"Labels {where} are {column.dtype} of shape {list(column.shape)}; expected a number, or a vector of fixed "
            f"length, for each of the {items.noun}."
        )
    values = column.astype(np.float32)
    if task.loss in ("mean_squared_logarithmic_error", "mean_squared_log_scaled_error") and (values < 0).any():
        raise RunError(
            f"Labels {where} go down to {np.nanmin(values):g}, but the loss {task.loss!r} needs numbers >= 0."
        )
    return Labels(items=items, feature=task.label, values=values, names=())


def _binary(task: YesOrNo, items: Items, column: np.ndarray) -> Labels:
    is_text = column.dtype.kind in "OSU"
    if is_text != isinstance(task.positive, str):
        kind = "texts" if is_text else f"{column.dtype} numbers"
        raise RunError(
            f"task.positive is {task.positive!r}, but labels {items.set_name}.{task.label} are {kind}; "
            "give a value of that kind."
        )
    if is_text:
        texts = np.array([text(value) for value in column], object)
        values = np.where(texts == task.positive, 1, 0)
        missing = texts == ""
    else:
        values = np.where(column == task.positive, 1, 0)
        missing = np.isnan(column) if column.dtype.kind == "f" else (column < 0) & (values == 0)
    if not values.any():
        raise RunError(
            f"No label {items.set_name}.{task.label} is {task.positive!r}, the value that task.positive names; "
            f"the values are {_counts(_tally(column))}."
        )
    values = np.where(missing, MISSING, values).astype(np.int64)
    names = (f"not {task.positive}", str(task.positive))
    return Labels(items=items, feature=task.label, values=values, names=names)


def _from_numbers(task: Classes, items: Items, column: np.ndarray) -> Labels:
    where = f"{items.set_name}.{task.label}"
    if isinstance(task.classes, tuple) and all(isinstance(name, int) for name in task.classes):
        return _look_up(task, items, column, column < 0, task.classes)
    largest = int(column.max(initial=MISSING))
    if task.classes is None:
        if largest < 1:
            raise RunError(f"Labels {where} name fewer than 2 classes; the values are {_counts(_tally(column))}.")
        names = tuple(str(number) for number in range(largest + 1))
    elif isinstance(task.classes, int):
        names = tuple(str(number) for number in range(task.classes))
    else:
        names = tuple(str(name) for name in task.classes)
    if largest >= len(names):
        raise RunError(
            f"Labels {where} go up to {largest}, but task.classes gives {len(names)} classes, 0 to {len(names) - 1}. "
            "Leave task.classes out to read their number from the labels."
        )
    values = np.where(column < 0, MISSING, column)
    return Labels(items=items, feature=task.label, values=values, names=names)


def _from_texts(task: Classes, items: Items, column: np.ndarray) -> Labels:
    texts = np.array([text(value) for value in column], object)
    if isinstance(task.classes, tuple):
        if not all(isinstance(name, str) for name in task.classes):
            raise RunError(
                f"task.classes has numbers, but labels {items.set_name}.{task.label} are texts; put them in quotes."
            )
        return _look_up(task, items, texts, texts == "", task.classes)
    names = sorted(set(texts.tolist()) - {""})
    expected = task.classes if task.classes is not None else max(len(names), 2)
    if len(names) != expected:
        raise RunError(
            f"Labels {items.set_name}.{task.label} have {len(names)} different texts, expected "
            f"{f'{expected} (task.classes)' if task.classes is not None else 'at least 2'}; they are "
            f"{_counts(_tally(column))}."
        )
    return _look_up(task, items, texts, texts == "", names)


def _look_up(task: Classes, items: Items, column: np.ndarray, missing: np.ndarray, names: Sequence[Any]) -> Labels:
    numbers = {name: number for number, name in enumerate(names)}
    values = np.array([numbers.get(value, MISSING) for value in column.tolist()], np.int64)
    unknown = _tally(column[(values == MISSING) & ~missing])
    values[missing & (values == MISSING)] = MISSING
    if not (values >= 0).any():
        raise RunError(
            f"No label {items.set_name}.{task.label} is one of task.classes ({', '.join(map(str, names))}); "
            f"the values are {_counts(_tally(column))}."
        )
    shown = tuple(str(name) for name in names)
    return Labels(items=items, feature=task.label, values=values, names=shown, unknown=unknown)


def _tally(column: np.ndarray) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for value in column.tolist():
        shown = text(value)
        counts[shown] = counts.get(shown, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _counts(tally: Sequence[tuple[str, int]], limit: int = 10) -> str:
    shown = ", ".join(f"{value or '(empty)'} ({count:,})" for value, count in tally[:limit])
    return (shown or "none") + (f", and {len(tally) - limit} more" if len(tally) > limit else "")
