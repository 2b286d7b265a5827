"""The metrics of singular values, as one metric for `compile`."""

from collections.abc import Callable
from typing import Any, final

import keras

from gnnkit.models.contrastive_losses._examples import as_matrix, ops
from gnnkit.models.contrastive_losses._metrics import largest_leverage, numerical_rank, rankme

_NAMES = ("numerical_rank", "rankme", "coherence")


@final
@keras.saving.register_keras_serializable("gnnkit")
class AllSvdMetrics(keras.metrics.Metric):
    """Means over batches of `numerical_rank`, `rankme` and `coherence`: a dict by these names. One SVD a batch.

    y_pred_transform_fn: makes representations `[B, D]` of y_pred. Register it with Keras to save the metric.
    y_true is ignored. sample_weight: `[B]`, 0 for examples to leave out; a batch without examples does not count.
    ValueError: representations of another rank.

    >>> metric = AllSvdMetrics()
    >>> metric.update_state(None, [[1.0, 0.0], [0.0, 1.0]])
    >>> {name: round(float(value), 4) for name, value in metric.result().items()}
    {'numerical_rank': 2.0, 'rankme': 2.0, 'coherence': 1.0}
    """

    def __init__(
        self, y_pred_transform_fn: Callable[[Any], Any] | None = None, name: str = "svd_metrics", dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._transform = y_pred_transform_fn
        self._total = self.add_weight(shape=[len(_NAMES)], initializer="zeros", name="total")
        self._count = self.add_weight(initializer="zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        x = as_matrix(y_pred if self._transform is None else self._transform(y_pred), "AllSvdMetrics")
        weight = ops.ones_like(x[:, 0]) if sample_weight is None else ops.reshape(sample_weight, [-1])
        used = ops.not_equal(weight, 0)[:, None]
        x = ops.where(used, x, 0.0)  # Rows of zeros do not change the other singular values.
        u, sigma, _ = ops.svd(x, full_matrices=False)
        # Singular vectors of zeros may lie in the rows that are not used.
        u = ops.where(used, u, 0.0)
        num = ops.sum(ops.cast(used, x.dtype))
        values = [numerical_rank(x, sigma=sigma), rankme(x, sigma=sigma), largest_leverage(u, num, x.shape[1])]
        counts = num > 0
        self._total.assign_add(ops.where(counts, ops.cast(ops.stack(values), self.dtype), 0.0))
        self._count.assign_add(ops.cast(counts, self.dtype))

    def result(self) -> dict[str, Any]:
        means = ops.divide_no_nan(self._total, self._count)
        return {name: means[i] for i, name in enumerate(_NAMES)}

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self._transform is not None:
            config["y_pred_transform_fn"] = keras.saving.serialize_keras_object(self._transform)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AllSvdMetrics":
        transform = config.pop("y_pred_transform_fn", None)
        return cls(keras.saving.deserialize_keras_object(transform), **config)
