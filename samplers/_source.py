"""The seeds of a dataset, negatives among them, and what a call of `dataset` or `graph_tensor_spec` comes to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.samplers._layout import Features, Layout, make_layout
from gnnkit.samplers._negatives import NegativeSampler, negative_keys
from gnnkit.samplers._plan import Plan, compile_plan, read_spec
from gnnkit.samplers._roots import Roots, make_roots
from gnnkit.samplers._seeds import LinkSeeds, Negatives, NodeSeeds
from gnnkit.samplers._tables import Column, RaggedColumn

if TYPE_CHECKING:
    from gnnkit.samplers._store import GraphStore


@final
class SeedSource:
    """The seeds of N subgraphs, by position; with n negatives, those of each link follow it: N = links * (1 + n).

    features: of `_readout`. A label has one row more, that of negatives.
    """

    def __init__(self, store: GraphStore, plan: Plan, seeds: Any, negatives: Negatives | None = None):
        self._roots = make_roots(store, plan, seeds, repetitions=True)
        self._negatives = None
        self._label = None if negatives is None else negatives.label
        self._per_link = 1 if negatives is None else 1 + negatives.count
        self.features: Mapping[str, Column] = self._roots.features
        if negatives is None:
            return
        if not isinstance(seeds, LinkSeeds):
            raise ValueError("negatives= needs links as seeds: LinkSeeds(source=..., target=...).")
        ends = (plan.seed_sets[0], plan.seed_sets[1])
        source, target = self._roots.rows[::2], self._roots.rows[1::2]
        self._negatives = NegativeSampler(store, seeds, negatives, ends, source, target)
        self.features = dict(self.features)
        label = self.features.get(negatives.label, np.ones(len(source), np.int64))
        if isinstance(label, RaggedColumn) or label.ndim != 1 or label.dtype.kind in "OSU":
            raise ValueError(f"Negatives: label={negatives.label!r} must be one number for each link.")
        self.features[negatives.label] = np.concatenate([label, np.zeros(1, label.dtype)])

    def __len__(self) -> int:
        return len(self._roots) * self._per_link

    def take(self, positions: np.ndarray, seed: int) -> tuple[Roots, dict[str, np.ndarray]]:
        """The seeds at some positions, and for each feature the rows that are theirs. seed: of the negatives."""
        links, numbers = np.divmod(positions, self._per_link)
        roots = self._roots.take(links)
        rows = dict.fromkeys(self.features, roots.feature_rows)
        drawn = np.flatnonzero(numbers)
        if self._negatives is not None and len(drawn):
            source, target = roots.rows[::2][drawn], roots.rows[1::2][drawn]
            keys = negative_keys(roots.keys[drawn], numbers[drawn], seed)
            pairs = self._negatives.draw(source, target, keys)
            all_keys = roots.keys.copy()
            all_keys[drawn] = self._negatives.subgraph_keys(*pairs, keys)
            roots = dataclasses.replace(roots, keys=all_keys)
            roots.rows[2 * drawn], roots.rows[2 * drawn + 1] = pairs
            rows[self._label or ""] = np.where(numbers > 0, len(self._roots), roots.feature_rows)
        return roots, rows


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """A call, resolved. source: None where no seeds were given. components: of an element, None if that may vary."""

    plan: Plan
    source: SeedSource | None
    layout: Layout
    components: int | None


def resolve_request(
    store: GraphStore,
    spec: Any,
    seeds: Any,
    *,
    with_seeds: bool,
    batch_size: int | None,
    drop_remainder: bool,
    negatives: Negatives | None,
    features: Features,
    readout: bool,
    readout_features: Sequence[str],
    options: Mapping[str, Any],
) -> Request:
    """Checks and resolves the arguments of `dataset`, which explains them. with_seeds: also where they are None."""
    plan = _plan(store, spec, seeds, options)
    source = None
    seed_features: Mapping[str, Column] = {}
    if with_seeds or seeds is not None:
        source = SeedSource(store, plan, seeds, negatives)
        seed_features = source.features
    elif negatives is not None:
        seed_features = {negatives.label: np.zeros(0, np.int64)}
    several = isinstance(seeds, NodeSeeds) and isinstance(seeds.nodes, RaggedColumn)
    layout = make_layout(
        store.tables,
        plan.node_sets,
        plan.edge_sets,
        features=features,
        seed_set=store.node_names[plan.seed_set],
        readout=readout,
        readout_features=readout_features,
        target_set=store.node_names[plan.seed_sets[1]] if plan.links else None,
        seed_features=seed_features,
        one_each=not several and not (plan.joint and batch_size is not None),
    )
    components = 1 if batch_size is None or plan.joint else batch_size if drop_remainder else None
    return Request(plan=plan, source=source, layout=layout, components=components)


def _plan(store: GraphStore, spec: Any, seeds: Any, options: Mapping[str, Any]) -> Plan:
    if isinstance(spec, Plan):
        if options:
            raise ValueError(f"{sorted(options)} are part of the plan that is given: pass them to compile_plan.")
        return spec
    spec = read_spec(spec)
    if isinstance(seeds, LinkSeeds) and seeds.edge_set is not None and spec.HasField("symmetric_link_seed_op"):
        options = {"link": seeds.edge_set, **options}
    return compile_plan(store, spec, **options)
