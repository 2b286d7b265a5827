"""What is learned from the data before training: statistics of numbers, vocabularies of categories.

Everything here is plain data; the layers that apply it are made from it.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import (
    CategoryFeature,
    Encoding,
    Features,
    IdEmbeddingFeature,
    NumberFeature,
    TextHashFeature,
    VectorFeature,
)
from gnnkit.runner.pipeline._columns import Kind, dense_column, row_ids, show_nodes
from gnnkit.samplers import GraphTables

# A one-hot vector longer than this is a mistake more often than a wish.
_LARGEST_ONE_HOT = 2000


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class NumberInput:
    """`clip((f(x) - shift) / scale)`, with f the signed logarithm if `log`; NaN is `fill` before that.

    width: length of the encoded vector.
    """

    name: str
    feature: str
    shift: float
    scale: float
    log: bool = False
    clip: float | None = None
    fill: float | None = None
    width: int = 1


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class CategoryInput:
    """Place in the vocabulary from 1; 0 for values outside it. Then one-hot, or an embedding of size `dim`.

    vocabulary: all bytes or all int, the most frequent first.
    """

    name: str
    feature: str
    vocabulary: tuple[bytes | int, ...]
    dim: int | None = None

    @property
    def width(self) -> int:
        """Length of the encoded vector."""
        return self.dim or len(self.vocabulary) + 1


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class TextHashInput:
    """Words hashed into buckets: counts of buckets, or the mean of their embeddings of size `dim`."""

    name: str
    feature: str
    buckets: int
    dim: int | None
    lowercase: bool

    @property
    def width(self) -> int:
        """Length of the encoded vector."""
        return self.dim or self.buckets


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class VectorInput:
    """`(x - shift) / scale` entry by entry if these are given, else `x` divided by its `norm` (`l1`, `l2`) if given.

    shift, scale: float32 `[width]`, or None.
    """

    name: str
    feature: str
    width: int
    norm: str | None = None
    shift: np.ndarray | None = None
    scale: np.ndarray | None = None


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class IdInput:
    """A learned vector of size `width` for each node; place 0 is for unknown ids.

    num_nodes: V. ids: bytes `[V]`, the nodes' ids in the order of rows.
    """

    name: str
    width: int
    num_nodes: int
    ids: np.ndarray


CONTEXT = "context."
"""What the names of inputs begin with that each node has from its graph; so do, after a `#`, those of their columns."""


def shown_name(set_name: str, name: str) -> str:
    """`SET.INPUT`, or `context.INPUT`."""
    return name if name.startswith(CONTEXT) else f"{set_name}.{name}"


Input = NumberInput | CategoryInput | TextHashInput | VectorInput | IdInput


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class FeaturePlan:
    """The inputs of each set, in the order of the config. Sets without inputs have an empty tuple."""

    node_sets: Mapping[str, tuple[Input, ...]]
    edge_sets: Mapping[str, tuple[Input, ...]]

    def columns(self, kind: Kind, set_name: str) -> tuple[str, ...]:
        """The features of the tables that the inputs of one set read, each once, sorted."""
        inputs = getattr(self, kind)[set_name]
        return tuple(sorted({item.feature for item in inputs if not isinstance(item, IdInput)}))

    def width(self, kind: Kind, set_name: str) -> int:
        """Length of all encoded inputs of one set together."""
        return sum(item.width for item in getattr(self, kind)[set_name])


def plan_features(
    features: Features,
    tables: GraphTables,
    *,
    visible: Mapping[str, np.ndarray] | None = None,
    context_set: str | None = None,
) -> FeaturePlan:
    """Learns from the data what the encodings need.

    visible: node set -> int64 rows that training may see; statistics and vocabularies of that set come from these rows
        only. All rows of the other sets are visible.
    context_set: the node set whose nodes get the features of the context; their columns are in its table.
    Raises `RunError` for values that an encoding cannot take.
    """
    plan: dict[str, dict[str, tuple[Input, ...]]] = {}
    kinds: tuple[Kind, Kind] = ("node_sets", "edge_sets")
    for kind in kinds:
        plan[kind] = {}
        for set_name in getattr(tables, kind):
            rows = (visible or {}).get(set_name) if kind == "node_sets" else None
            encodings = features.encoding(kind, set_name)
            if (kind, set_name) == ("node_sets", context_set):
                for name, entry in features.encoding("context", "").items():
                    column: Any = {"feature": f"#{CONTEXT}{getattr(entry, 'feature', None) or name}"}
                    encodings[CONTEXT + name] = entry.model_copy(update=column)
            plan[kind][set_name] = tuple(
                _plan_input(tables, kind, set_name, name, encoding, rows) for name, encoding in encodings.items()
            )
    return FeaturePlan(**plan)


def _plan_input(
    tables: GraphTables, kind: Kind, set_name: str, name: str, encoding: Encoding, rows: np.ndarray | None
) -> Input:
    if isinstance(encoding, IdEmbeddingFeature):
        table = tables.node_sets[set_name]
        ids = table.ids if table.ids is not None else row_ids(table.num_nodes)
        return IdInput(name=name, width=encoding.dim, num_nodes=table.num_nodes, ids=ids)
    feature = encoding.feature or name
    rank = 2 if isinstance(encoding, VectorFeature) else 1
    column = dense_column(tables, kind, set_name, feature, rank=rank)
    where = shown_name(set_name, feature.removeprefix("#"))
    is_text = column.dtype.kind in "OSU"
    if is_text and isinstance(encoding, (NumberFeature, VectorFeature)):
        raise RunError(f"{where} holds texts, but the encoding {encoding.type!r} needs numbers.")
    if not is_text and isinstance(encoding, TextHashFeature):
        raise RunError(f"{where} holds {column.dtype} numbers, but the encoding 'text_hash' needs texts.")
    if isinstance(encoding, TextHashFeature):
        return TextHashInput(
            name=name, feature=feature, buckets=encoding.buckets, dim=encoding.dim, lowercase=encoding.lowercase
        )
    seen = column if rows is None else column[rows]
    if isinstance(encoding, CategoryFeature):
        return _plan_category(encoding, name, feature, where, seen, is_text)
    ids = tables.node_sets[set_name].ids if kind == "node_sets" else None
    _check_finite(column, where, ids, encoding)
    if isinstance(encoding, NumberFeature):
        return _plan_number(encoding, name, feature, where, seen)
    return _plan_vector(encoding, name, feature, seen)


def _plan_category(
    encoding: CategoryFeature, name: str, feature: str, where: str, seen: np.ndarray, is_text: bool
) -> CategoryInput:
    if encoding.vocabulary is not None:
        wrong = [value for value in encoding.vocabulary if isinstance(value, str) != is_text]
        if wrong:
            kind = "texts" if is_text else "whole numbers"
            raise RunError(f"The vocabulary of {where} has {wrong[0]!r}, but the feature holds {kind}.")
        values = [v.encode() if isinstance(v, str) else v for v in encoding.vocabulary]
        if twice := [value for value, count in Counter(encoding.vocabulary).items() if count > 1]:
            raise RunError(f"The vocabulary of {where} has {twice[0]!r} twice; name each value once.")
    else:
        if seen.dtype.kind == "f":
            raise RunError(f"{where} holds {seen.dtype} numbers; a category needs texts or whole numbers.")
        counts = Counter(v.encode() if isinstance(v, str) else v for v in seen.tolist())
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        values = [value for value, count in ranked if count >= encoding.min_count][: encoding.max_values]
    if encoding.dim is None and len(values) > _LARGEST_ONE_HOT:
        raise RunError(
            f"{where} has {len(values):,} different values, too many for a one-hot vector. Give `dim` for a learned "
            "embedding, or `max_values` or `min_count` to know fewer values."
        )
    return CategoryInput(name=name, feature=feature, vocabulary=tuple(values), dim=encoding.dim)


def _plan_number(encoding: NumberFeature, name: str, feature: str, where: str, seen: np.ndarray) -> NumberInput:
    values = seen.astype(np.float64)
    known = values[~np.isnan(values)]
    if not len(known):
        raise RunError(f"{where} has no value that training may see; drop it.")
    mean = float(known.mean())
    fill = {"error": None, "mean": mean, "zero": 0.0}[encoding.missing]
    filled = known if fill is None else np.where(np.isnan(values), fill, values)
    log = encoding.normalize == "log"
    if log:
        filled = np.sign(filled) * np.log1p(np.abs(filled))
    shift, scale = 0.0, 1.0
    if encoding.normalize in ("standard", "log"):
        shift, scale = float(filled.mean()), float(filled.std())
    elif encoding.normalize == "minmax":
        shift, scale = float(filled.min()), float(filled.max() - filled.min())
    # A constant feature becomes 0, not NaN.
    scale = scale if scale > 1e-12 * max(1.0, abs(shift)) else 1.0
    return NumberInput(name=name, feature=feature, shift=shift, scale=scale, log=log, clip=encoding.clip, fill=fill)


def _plan_vector(encoding: VectorFeature, name: str, feature: str, seen: np.ndarray) -> VectorInput:
    width = seen.shape[1]
    if encoding.normalize == "standard":
        values = seen.astype(np.float64)
        scale = values.std(axis=0)
        scale[scale < 1e-12] = 1.0
        return VectorInput(
            name=name,
            feature=feature,
            width=width,
            shift=values.mean(axis=0).astype(np.float32),
            scale=scale.astype(np.float32),
        )
    norm = {"none": None, "row": "l1", "l2": "l2"}[encoding.normalize]
    return VectorInput(name=name, feature=feature, width=width, norm=norm)


def _check_finite(
    column: np.ndarray, where: str, ids: np.ndarray | None, encoding: NumberFeature | VectorFeature
) -> None:
    if column.dtype.kind != "f":
        return
    fillable = isinstance(encoding, NumberFeature)
    bad = np.isinf(column) if fillable and encoding.missing != "error" else ~np.isfinite(column)
    if bad.any():
        rows = np.flatnonzero(bad.reshape(len(column), -1).any(axis=1))
        nan = fillable and not np.isinf(column).any()
        hint = " Give `missing: mean` or `missing: zero` to fill it." if nan else ""
        raise RunError(f"{where} is not a finite number at {show_nodes(rows, ids)}.{hint}")
