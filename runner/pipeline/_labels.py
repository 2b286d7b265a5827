"""From the label feature to class numbers."""

import dataclasses
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import BinaryNodeClassification, NodeClassification
from gnnkit.runner.pipeline._columns import dense_column, show_nodes, text
from gnnkit.samplers import GraphTables

MISSING = -1


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Labels:
    """The classes of the nodes of one set.

    node_set: the set. feature: the feature that the labels were read from.
    values: int64 `[V]`, the class of each node from 0; -1 where the label is missing (a negative number, an empty text,
        NaN).
    names: the classes' names, in the order of their numbers.
    unknown: the values that stand for none of the classes, with the number of nodes that have them.
    """

    node_set: str
    feature: str
    values: np.ndarray
    names: tuple[str, ...]
    unknown: tuple[tuple[str, int], ...] = ()

    @property
    def num_classes(self) -> int:
        """How many classes there are, those without a node included."""
        return len(self.names)


def resolve_labels(
    task: NodeClassification | BinaryNodeClassification, tables: GraphTables, *, known: Sequence[str] | None = None
) -> Labels:
    """Reads the labels of a task.

    known: the names of the classes that a model was trained for; they hold unless `task.classes` says otherwise.
    Whole numbers are class numbers, unless `task.classes` lists numbers: then those are the values of classes 0, 1, ...
    Texts are looked up in `task.classes`; without it, they are sorted.
    Raises `RunError` for labels that are neither, for numbers beyond the classes and for a single class.
    """
    column = dense_column(tables, "node_sets", task.node_set, task.label)
    if isinstance(task, BinaryNodeClassification):
        return _binary(task, column)
    is_text = column.dtype.kind in "OSU"
    if known is not None and task.classes is None:
        task = task.model_copy(update={"classes": tuple(known) if is_text else len(known)})
    if is_text:
        return _from_texts(task, column)
    if column.dtype.kind not in "iub":
        raise RunError(
            f"Labels {task.node_set}.{task.label} are {column.dtype}; expected whole numbers from 0, or texts. "
            "Change the feature's dtype in the schema to DT_INT64 or DT_STRING."
        )
    return _from_numbers(task, column.astype(np.int64))


def check_labelled(labels: Labels, part: str, rows: np.ndarray, ids: np.ndarray | None) -> None:
    """Raises `RunError` if nodes of a part of the split have no class.

    part: the part's name. rows: int64 `[N]`, its nodes. ids: the names of all nodes, for the message, or None.
    """
    bad = rows[labels.values[rows] == MISSING]
    if len(bad):
        where = f"{labels.node_set}.{labels.feature}"
        values = f" Values that are no class: {_counts(labels.unknown)}." if labels.unknown else ""
        raise RunError(
            f"{len(bad):,} of {len(rows):,} {part} nodes have no label: {where} is empty or negative, or no class, at "
            f"{show_nodes(bad, ids)}.{values} Give them labels, name all classes in task.classes, or leave them out of "
            "the split."
        )


def _binary(task: BinaryNodeClassification, column: np.ndarray) -> Labels:
    is_text = column.dtype.kind in "OSU"
    if is_text != isinstance(task.positive, str):
        kind = "texts" if is_text else f"{column.dtype} numbers"
        raise RunError(
            f"task.positive is {task.positive!r}, but labels {task.node_set}.{task.label} are {kind}; "
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
            f"No label {task.node_set}.{task.label} is {task.positive!r}, the value that task.positive names; "
            f"the values are {_counts(_tally(column))}."
        )
    values = np.where(missing, MISSING, values).astype(np.int64)
    names = (f"not {task.positive}", str(task.positive))
    return Labels(node_set=task.node_set, feature=task.label, values=values, names=names)


def _from_numbers(task: NodeClassification, column: np.ndarray) -> Labels:
    where = f"{task.node_set}.{task.label}"
    if isinstance(task.classes, tuple) and all(isinstance(name, int) for name in task.classes):
        return _look_up(task, column, column < 0, task.classes)
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
    return Labels(node_set=task.node_set, feature=task.label, values=values, names=names)


def _from_texts(task: NodeClassification, column: np.ndarray) -> Labels:
    texts = np.array([text(value) for value in column], object)
    if isinstance(task.classes, tuple):
        if not all(isinstance(name, str) for name in task.classes):
            raise RunError(
                f"task.classes has numbers, but labels {task.node_set}.{task.label} are texts; put them in quotes."
            )
        return _look_up(task, texts, texts == "", task.classes)
    names = sorted(set(texts.tolist()) - {""})
    expected = task.classes if task.classes is not None else max(len(names), 2)
    if len(names) != expected:
        raise RunError(
            f"Labels {task.node_set}.{task.label} have {len(names)} different texts, expected "
            f"{f'{expected} (task.classes)' if task.classes is not None else 'at least 2'}; they are "
            f"{_counts(_tally(column))}."
        )
    return _look_up(task, texts, texts == "", names)


def _look_up(task: NodeClassification, column: np.ndarray, missing: np.ndarray, names: Sequence[Any]) -> Labels:
    numbers = {name: number for number, name in enumerate(names)}
    values = np.array([numbers.get(value, MISSING) for value in column.tolist()], np.int64)
    unknown = _tally(column[(values == MISSING) & ~missing])
    values[missing & (values == MISSING)] = MISSING
    if not (values >= 0).any():
        raise RunError(
            f"No label {task.node_set}.{task.label} is one of task.classes ({', '.join(map(str, names))}); "
            f"the values are {_counts(_tally(column))}."
        )
    shown = tuple(str(name) for name in names)
    return Labels(node_set=task.node_set, feature=task.label, values=values, names=shown, unknown=unknown)


def _tally(column: np.ndarray) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for value in column.tolist():
        shown = text(value)
        counts[shown] = counts.get(shown, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _counts(tally: Sequence[tuple[str, int]], limit: int = 10) -> str:
    shown = ", ".join(f"{value or '(empty)'} ({count:,})" for value, count in tally[:limit])
    return (shown or "none") + (f", and {len(tally) - limit} more" if len(tally) > limit else "")
