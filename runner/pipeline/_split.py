"""From the split section to the nodes of each part."""

import dataclasses
from collections.abc import Iterator
from typing import final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import FeatureSplit, RandomSplit
from gnnkit.runner.pipeline._columns import text
from gnnkit.runner.pipeline._items import LinkItems
from gnnkit.runner.pipeline._labels import Labels, check_labelled
from gnnkit.samplers import GraphTables

PARTS = ("train", "valid", "test")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeSplit:
    """The nodes (or edges, or graphs) of each part, as sorted rows of the task's set: int64 `[N]`, no row in two parts.

    notes: what a reader of the run should know, such as nodes that are in no part.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    notes: tuple[str, ...] = ()

    def items(self) -> Iterator[tuple[str, np.ndarray]]:
        """(name, rows) of each part that has nodes."""
        return ((name, getattr(self, name)) for name in PARTS if len(getattr(self, name)))


def resolve_split(
    split: FeatureSplit | RandomSplit, labels: Labels, tables: GraphTables, *, seed: int = 0
) -> NodeSplit:
    """Finds the nodes of each part.

    labels: the classes of the task's node set; a random split leaves nodes without a label out.
    seed: the seed of a random split that has none of its own.
    Raises `RunError` for values that no node has, for parts that come out empty, and for nodes without a label.
    """
    if isinstance(split, FeatureSplit):
        result = _by_feature(split, labels, tables)
    else:
        result = _at_random(split, labels, split.seed if split.seed is not None else seed)
    for name, rows in result.items():
        check_labelled(labels, name, rows)
    return result


def _by_feature(split: FeatureSplit, labels: Labels, tables: GraphTables) -> NodeSplit:
    column, noun = labels.items.column(split.feature), labels.items.noun
    where = f"{labels.items.set_name}.{split.feature}"
    # `train` and `0` in the config are compared with texts and numbers of the table as texts.
    texts = np.array([text(value) for value in column.tolist()], object)
    values, counts = np.unique(texts.astype(str), return_counts=True)
    tally = ", ".join(f"{v or '(empty)'} ({n:,})" for v, n in zip(values[:20], counts[:20], strict=True))
    parts: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for name in PARTS:
        wanted = {str(value) for value in getattr(split, name)}
        if absent := sorted(wanted - set(values.tolist())):
            raise RunError(
                f"split.{name} names {', '.join(map(repr, absent))}, but no {noun[:-1]} has that value in {where}; its "
                f"values are {tally}." + ("" if name == "train" else f" For no {name} {noun}, write `{name}: []`.")
            )
        used |= wanted
        parts[name] = np.flatnonzero(np.isin(texts.astype(str), sorted(wanted))).astype(np.int64)
    rest = int(len(texts) - sum(len(rows) for rows in parts.values()))
    others = ", ".join(f"{v or '(empty)'} ({n:,})" for v, n in zip(values, counts, strict=True) if v not in used)
    notes = (f"{rest:,} {noun} are in no part of the split: {where} is {others}.",) if rest else ()
    return NodeSplit(**parts, notes=notes)


def _at_random(split: RandomSplit, labels: Labels, seed: int) -> NodeSplit:
    labelled = np.flatnonzero(labels.labelled)
    # A stream of its own, so that other uses of the run's seed do not move the split.
    generator = np.random.default_rng([seed, 0x5BD1E995])
    # What is drawn as one. All edges between two nodes are: one would give the other away.
    unit = labelled
    if isinstance(labels.items, LinkItems):
        pairs = np.sort(labels.items.pairs(labelled), axis=1)
        unit = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    groups = [np.unique(unit)]
    if split.stratified and labels.names and unit is labelled:
        groups = [labelled[labels.values[labelled] == number] for number in range(labels.num_classes)]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}
    # Rounded at the ends, not the lengths, so that the shares of many small classes add up.
    ends = np.cumsum([getattr(split, name) for name in PARTS])
    for group in groups:
        order = generator.permutation(group)
        start = 0
        for name, share in zip(PARTS, ends, strict=True):
            end = min(int(np.floor(len(order) * share + 0.5)), len(order))
            parts[name].append(order[start:end])
            start = max(start, end)
    rows = {name: labelled[np.isin(unit, np.concatenate(chosen))].astype(np.int64) for name, chosen in parts.items()}
    for name in PARTS:
        if getattr(split, name) > 0 and not len(rows[name]):
            raise RunError(
                f"split.{name} is a share of {getattr(split, name):g}, but of {len(labelled):,} labelled "
                f"{labels.items.noun}{f' in {labels.num_classes} classes' if labels.names else ''} none fall into it. "
                "Raise the share, or set split.stratified to false."
            )
    missing = len(labels.values) - len(labelled)
    notes = (f"{missing:,} {labels.items.noun} without a label are in no part of the split.",) if missing else ()
    return NodeSplit(**rows, notes=notes)
