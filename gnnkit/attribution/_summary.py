"""Which features matter most."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from gnnkit.attribution._attributions import Attributions
from gnnkit.attribution._features import FeatureKey, flat


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureScore:
    """A feature, or one column of it, and its mean absolute attribution.

    set_type: `"context"`, `"nodes"` or `"edges"`. set_name: None for the context. column: None for the whole feature.
    """

    set_type: str
    set_name: str | None
    feature_name: str
    column: int | None = None
    value: float

    @property
    def name(self) -> str:
        """`nodes/paper/year`, with `[3]` behind it for a column."""
        parts = [p for p in (self.set_type, self.set_name, self.feature_name) if p is not None]
        return "/".join(parts) + ("" if self.column is None else f"[{self.column}]")


def top_features(
    attributions: Attributions | Iterable[Attributions], k: int | None = 10, *, per_column: bool = False
) -> list[FeatureScore]:
    """The `k` features with the largest attributions (None: all), the largest first.

    A feature's value is the sum of the absolute attributions of all items and columns, divided by the number of
    explained predictions, so that sets of different sizes compare.

    attributions: of one graph, or of several batches.
    per_column: tells the columns of features `[N, F]` apart.

    >>> import gnnkit, tensorflow as tf
    >>> from gnnkit.attribution import integrated_gradients
    >>> graph = gnnkit.homogeneous([0], [1], node_features=tf.constant([[1.0], [2.0]]))
    >>> result = integrated_gradients(
    ...     lambda g: gnnkit.pool_nodes_to_context(g, "nodes", "sum", feature_name="hidden_state"), graph)
    >>> [(score.name, score.value) for score in top_features(result)]
    [('nodes/nodes/hidden_state', 3.0)]
    """
    several = [attributions] if isinstance(attributions, Attributions) else list(attributions)
    predictions = sum(int(a.scores.shape[0]) for a in several)
    sums: dict[tuple[FeatureKey, int | None], float] = {}
    for one in several:
        for key, value in one.features.items():
            array = np.abs(flat(value).numpy().astype(np.float64))
            if per_column and array.ndim == 2:
                parts: dict[int | None, float] = {i: float(v) for i, v in enumerate(array.sum(axis=0))}
            else:
                parts = {None: float(array.sum())}
            for column, total in parts.items():
                sums[key, column] = sums.get((key, column), 0.0) + total
    scores = [
        FeatureScore(set_type=t, set_name=s, feature_name=f, column=c, value=total / max(predictions, 1))
        for ((t, s, f), c), total in sums.items()
    ]
    scores.sort(key=lambda s: (-s.value, s.name))
    return scores if k is None else scores[:k]
