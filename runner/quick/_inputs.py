"""Which features become inputs, and how: a guess from the values of each column."""

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from gnnkit.runner.pipeline._columns import text
from gnnkit.samplers import GraphTables, RaggedColumn

_ONE_HOT = 20  # Up to so many different values need no embedding.
_VALUES = 1000  # Rarer values share one place.
_WORDS = 3.0  # Texts of so many words on average are sentences, not names of something.
_LARGEST_ID_SET = 50_000
_COPY = 0.9999  # Correlation with the target above which a column is taken for the target itself.
_SKEW = 8.0  # A largest value so many standard deviations above the mean wants a logarithm.


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Guess:
    """features: the section of a config. exclude: `set.feature` that must not be inputs. notes: what was left out, why."""

    features: dict[str, Any]
    exclude: tuple[str, ...]
    notes: tuple[str, ...]


def guess_features(
    tables: GraphTables, target_set: str, label: str, *, hidden: frozenset[str], exclude: frozenset[str]
) -> Guess:
    """The features section for a graph.

    hidden: features of the target's set that say who is trained on. exclude: `set.feature`, as the user says.
    """
    notes: list[str] = []
    answers = [
        f"{target_set}.{name}"
        for name, column in tables.node_sets[target_set].features.items()
        if name != label
        and name not in hidden
        and f"{target_set}.{name}" not in exclude
        and _names_the_answer(column, tables.node_sets[target_set].features[label])
    ]
    copies = [
        f"{target_set}.{name}"
        for name, column in tables.node_sets[target_set].features.items()
        if name != label
        and f"{target_set}.{name}" not in exclude | set(answers)
        and _is_a_copy(column, tables.node_sets[target_set].features[label])
    ]
    for name in copies:
        notes.append(f"{name} is left out: it is {label} in other units, and would be the answer.")
    for name in answers:
        notes.append(
            f"{name} is left out: each of its values goes with one value of {label}, so it is another name of the answer."
        )
    left_out = exclude | set(answers) | set(copies)
    sections: dict[str, dict[str, dict[str, Any]]] = {"node_sets": {}, "edge_sets": {}}
    for kind, section in sections.items():
        for set_name, table in getattr(tables, kind).items():
            chosen: dict[str, Any] = {}
            for name, column in table.features.items():
                where = f"{set_name}.{name}"
                if where in left_out or kind == "node_sets" and set_name == target_set and name in {label, *hidden}:
                    continue
                encoding, reason = guess_encoding(column)
                if encoding is None:
                    notes.append(f"{where} is left out: {reason}.")
                else:
                    chosen[name] = encoding
            if kind == "node_sets" and set_name != target_set and table.num_nodes <= _LARGEST_ID_SET:
                # What cannot be told from features, such as which country it is.
                chosen[_free_name("id", table.features)] = {"type": "id_embedding", "dim": 16}
            if chosen:
                section[set_name] = chosen
    known = {f"{name}.{feature}" for s in sections for name, t in getattr(tables, s).items() for feature in t.features}
    return Guess(
        features={key: value for key, value in sections.items() if value},
        exclude=tuple(sorted(left_out & known)),
        notes=tuple(notes),
    )


def guess_encoding(column: Any) -> tuple[dict[str, Any] | None, str]:
    """(the encoding of a column, why there is none).

    >>> guess_encoding(np.array([b"red", b"blue", b"red"], object))
    ({'type': 'category'}, '')
    >>> guess_encoding(np.array([1.5, np.nan, 3.0]))
    ({'type': 'number', 'missing': 'mean'}, '')
    """
    if isinstance(column, RaggedColumn):
        return None, "its items have different numbers of values"
    column = np.asarray(column)
    if column.dtype.kind in "OSU":
        return _text(column) if column.ndim == 1 else (None, "it holds several texts an item")
    if column.ndim > 2:
        return None, f"it has shape {list(column.shape)}"
    if column.ndim == 2:
        if column.dtype.kind == "f" and not np.isfinite(column).all():
            return None, "its vectors hold numbers that are not finite"
        return ({"type": "vector", "normalize": "standard"}, "") if column.shape[1] else (None, "its vectors are empty")
    return _number(column)


def _text(column: np.ndarray) -> tuple[dict[str, Any] | None, str]:
    texts = [text(value) for value in column.tolist()]
    different = len(set(texts))
    if different <= 1:
        return None, "all its values are the same"
    if np.mean([len(one.split()) for one in texts[:10_000]]) >= _WORDS:
        return {"type": "text_hash"}, ""
    if different > max(_ONE_HOT, len(texts) // 2):
        return None, f"its {different:,} different texts are names of items rather than properties"
    if different <= _ONE_HOT:
        return {"type": "category"}, ""
    return {"type": "category", "dim": 8, "max_values": _VALUES}, ""


def _number(column: np.ndarray) -> tuple[dict[str, Any] | None, str]:
    values = column.astype(np.float64)
    known = values[~np.isnan(values)]
    if not len(known) or not np.isfinite(known).all():
        return None, "it holds infinite numbers" if len(known) else "it holds no number"
    if known.min() == known.max() and len(known) == len(values):
        return None, "all its values are the same"
    encoding: dict[str, Any] = {"type": "number"}
    spread = known.std()
    if spread > 0 and known.min() >= 0 and (known.max() - known.mean()) / spread > _SKEW:
        encoding["normalize"] = "log"
    if len(known) < len(values):
        encoding["missing"] = "mean"
    return encoding, ""


def _names_the_answer(column: Any, labels: Any) -> bool:
    """Whether a column of few values and the labels tell each other."""
    if isinstance(column, RaggedColumn) or isinstance(labels, RaggedColumn):
        return False
    column, labels = np.asarray(column), np.asarray(labels)
    if column.ndim != 1 or labels.ndim != 1 or column.dtype.kind == "f":
        return False
    pairs = set(zip(map(text, column.tolist()), map(text, labels.tolist()), strict=True))
    firsts, seconds = {a for a, _ in pairs}, {b for _, b in pairs}
    return len(pairs) == len(firsts) == len(seconds) and 1 < len(pairs) < len(column)


def _is_a_copy(column: Any, labels: Any) -> bool:
    """Whether a column of numbers is a linear function of labels that are numbers, but for rounding."""
    if isinstance(column, RaggedColumn) or isinstance(labels, RaggedColumn):
        return False
    column, labels = np.asarray(column), np.asarray(labels)
    if column.ndim != 1 or labels.ndim != 1 or column.dtype.kind not in "iuf" or labels.dtype.kind != "f":
        return False
    x, y = column.astype(np.float64), labels.astype(np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 10 or x.std() == 0 or y.std() == 0:
        return False
    return bool(abs(np.corrcoef(x, y)[0, 1]) > _COPY)


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name
