"""From the strategies of a sampling spec, and the features that they read, to the kernel's numbers."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.samplers import _choose
from gnnkit.samplers._feature_order import edge_numbers, edge_order, edge_tree, laid_out

if TYPE_CHECKING:
    from gnnkit.samplers._store import GraphStore

_TOP_K, _UNIFORM, _WEIGHTED, _LATEST_K = range(4)  # SamplingStrategy
STRATEGIES = ("TOP_K", "RANDOM_UNIFORM", "RANDOM_WEIGHTED", "LATEST_K")
_WEIGHT_KEY, _TIME_KEY = "sampling_weight", "sampling_time"  # Of `metadata.extra` in a schema.

FeatureOf = Mapping[str, str]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Strategy:
    """How one operation draws. number: of the SamplingStrategy. weight, time: edge features, or None."""

    number: int
    replace: bool = False
    weight: str | None = None
    time: str | None = None


@final
class Strategies:
    """Finds weight, time and `replace` of each operation; `compile_plan` explains the arguments."""

    def __init__(self, store: GraphStore, weights: FeatureOf, times: FeatureOf, replace: bool | Collection[str]):
        self._store, self._weights, self._times, self._replace = store, dict(weights), dict(times), replace
        if isinstance(replace, str):
            raise ValueError(f"replace={replace!r}: expected True, False, or a list of operations or edge sets.")
        self._used: set[tuple[str, str]] = set()
        self._sets: dict[str, str] = {}  # Operation -> edge set.

    def of(self, op: Any) -> Strategy:
        """The strategy of one SamplingOp. Raises ValueError where something is missing or contradictory."""
        name, edge_set = op.op_name, op.edge_set_name
        self._sets[name] = edge_set
        number, where = op.strategy, f"Sampling operation {name!r}"
        given = "" if op.HasField("strategy") else " (what the format takes when none is set)"
        replace = self._replaces(name, edge_set)
        if replace and number in (_TOP_K, _LATEST_K):
            raise ValueError(
                f"{where} has strategy {STRATEGIES[number]}{given}, which has no draws with replacement. "
                "Leave it out of `replace`, or set strategy: RANDOM_UNIFORM or RANDOM_WEIGHTED."
            )
        weight = time = None
        if number in (_TOP_K, _WEIGHTED):
            weight = self._feature("weights", self._weights, name, edge_set, _WEIGHT_KEY)
            if weight is None:
                raise ValueError(
                    f"{where} has strategy {STRATEGIES[number]}{given}, which needs a weight: "
                    f"weights={{{edge_set!r}: FEATURE}}. {self._candidates(edge_set)} "
                    "Or set strategy: RANDOM_UNIFORM."
                )
        time = self._feature("times", self._times, name, edge_set, _TIME_KEY)
        if number == _LATEST_K and time is None:
            raise ValueError(
                f"{where} has strategy LATEST_K, which needs a time: times={{{edge_set!r}: FEATURE}}. "
                f"{self._candidates(edge_set)} Or set strategy: RANDOM_UNIFORM."
            )
        return Strategy(number=number, replace=replace, weight=weight, time=time)

    def time_of(self, edge_set: str) -> str | None:
        """The time feature of edges that connect nodes."""
        return self._feature("times", self._times, "", edge_set, _TIME_KEY)

    def check_all_used(self, connected: Iterable[str] = ()) -> None:
        """Raises ValueError for arguments that no operation has heeded: nothing is ignored."""
        replace = () if isinstance(self._replace, bool) else self._replace
        for argument, keys in (("weights", self._weights), ("times", self._times), ("replace", replace)):
            for key in keys:
                if (argument, key) in self._used:
                    continue
                known = sorted({*self._sets, *self._sets.values(), *connected})
                if key in known:
                    why = (
                        "draws by no weight"
                        if argument == "weights"
                        else "is not heeded, as its operations have their own"
                    )
                    hint = "Give its operations strategy: RANDOM_WEIGHTED or TOP_K." if argument == "weights" else ""
                else:
                    why = "is neither an operation of the spec nor an edge set that it samples"
                    hint = f"There are {', '.join(map(repr, known)) or 'none'}.{near(key, known)}"
                raise ValueError(f"{argument}: {key!r} {why}. {hint}".rstrip())

    def _replaces(self, name: str, edge_set: str) -> bool:
        if isinstance(self._replace, bool):
            return self._replace
        found = [key for key in (name, edge_set) if key in self._replace]
        self._used |= {("replace", key) for key in found}
        return bool(found)

    def _feature(self, argument: str, given: FeatureOf, name: str, edge_set: str, key: str) -> str | None:
        for place in (name, edge_set):
            if place in given:
                self._used.add((argument, place))
                what = f"{argument}[{place!r}]"
                break
        else:
            what = f"the schema's metadata {key!r}"
        feature = given.get(name, given.get(edge_set, self._of_schema(edge_set, key)))
        if feature is not None:
            edge_numbers(self._store, edge_set, feature, what)
        return feature

    def _of_schema(self, edge_set: str, key: str) -> str | None:
        schema = self._store.tables.schema
        if schema is None or edge_set not in schema.edge_sets:
            return None
        extra = {pair.key: pair.value for pair in schema.edge_sets[edge_set].metadata.extra}
        return extra.get(key)

    def _candidates(self, edge_set: str) -> str:
        def fits(column: Any) -> bool:
            return isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "iuf"

        numbers = sorted(name for name, column in self._store.edge_features(edge_set).items() if fits(column))
        return f"Its features of one number: {', '.join(map(repr, numbers)) or 'none'}."


def near(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, if something is like it."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


def hop_arrays(
    store: GraphStore, hops: Sequence[tuple[int, int, int, Strategy]], connect: Sequence[tuple[int, str | None]]
) -> tuple[np.ndarray, ...]:
    """(hops, connect, order, keys, weights, tree), as the kernel takes them.

    hops: (edge set, size, hash of the name, strategy) of each. connect: (edge set, time feature).
    """
    orders: dict[Any, tuple[np.ndarray, np.ndarray]] = {}
    timed: dict[Any, np.ndarray] = {}
    trees: dict[Any, tuple[np.ndarray, np.ndarray]] = {}
    plans = []
    for edge_set, size, hash_, strategy in [*hops, *((e, 1, 0, Strategy(number=_UNIFORM, time=t)) for e, t in connect)]:
        name = store.edge_names[edge_set]
        order = tree = key = None
        how = _HOW[strategy.number]
        ordered_by = strategy.time
        if strategy.number == _TOP_K and strategy.time is None:
            how, ordered_by = _choose.LAST, strategy.weight
        if ordered_by is not None:
            order = (name, ordered_by)
            orders[order] = edge_order(store, name, ordered_by, f"edge set {name!r}")
        if strategy.time is not None:
            key = (name, strategy.time)
            timed[key] = orders[key][1]
        if how > _choose.LAST and strategy.weight is not None:
            maximum = how == _choose.MAXIMUM
            tree = (name, strategy.weight, strategy.time, maximum)
            trees[tree] = edge_tree(store, name, strategy.weight, strategy.time, maximum, f"weights[{name!r}]")
        plans.append(
            (edge_set, size, hash_, how, strategy.replace, order, key, tree, _cutoff_row(store, name, strategy))
        )
    flat_order, order_starts = laid_out(store, "order", [(k, v[0]) for k, v in orders.items()], np.int32)
    flat_keys, key_starts = laid_out(store, "keys", list(timed.items()), np.int64)
    flat_weights, tree_starts = laid_out(store, "weights", [(k, v[0]) for k, v in trees.items()], np.float64)
    flat_trees, _ = laid_out(store, "tree", [(k, v[1]) for k, v in trees.items()], np.float64)
    places = [
        dict(zip(d, s, strict=True)) for d, s in ((orders, order_starts), (timed, key_starts), (trees, tree_starts))
    ]
    matrix = np.zeros((len(plans), _choose.HOP_COLUMNS), np.int64)
    for row, (edge_set, size, hash_, how, replace, order, key, tree, cutoff) in zip(matrix, plans, strict=True):
        row[:] = (
            edge_set, size, np.uint64(hash_).view(np.int64), how, replace,
            *(-1 if k is None else place[k] for place, k in zip(places, (order, key, tree), strict=True)), cutoff,
        )  # fmt: skip
    return matrix[: len(hops)], matrix[len(hops) :], flat_order, flat_keys, flat_weights, flat_trees


_HOW = {_TOP_K: _choose.MAXIMUM, _UNIFORM: _choose.UNIFORM, _WEIGHTED: _choose.SUM, _LATEST_K: _choose.LAST}


def _cutoff_row(store: GraphStore, edge_set: str, strategy: Strategy) -> int:
    if strategy.time is None:
        return 0
    column = store.edge_features(edge_set)[strategy.time]
    return 0 if isinstance(column, np.ndarray) and column.dtype.kind in "iub" else 1
