"""What contrastive tasks need besides: no loss, and mean distances."""

from typing import Any, final

import keras

from gnnkit.models.contrastive_losses._examples import ops

_NAMES = ("positive_distance", "negative_distance", "triplet_distance")


@final
@keras.saving.register_keras_serializable("gnnkit")
class NoLoss(keras.losses.Loss):
    """Zero: for outputs that have metrics only."""

    def __init__(self, name: str = "no_loss") -> None:
        super().__init__(name=name, reduction="sum")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return ops.zeros([], dtype=self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}


@final
@keras.saving.register_keras_serializable("gnnkit")
class TripletLossMetrics(keras.metrics.Metric):
    """Means over examples of the distances `[B, 2]` to the positive and the negative, and of their difference: a dict."""

    def __init__(self, name: str = "triplet_loss_metrics", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self._total = self.add_weight(shape=[2], initializer="zeros", name="total")
        self._count = self.add_weight(initializer="zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.cast(y_pred, self.dtype)
        weight = ops.ones_like(y_pred[:, 0]) if sample_weight is None else ops.cast(sample_weight, self.dtype)
        weight = ops.reshape(weight, [-1, 1])
        self._total.assign_add(ops.sum(weight * y_pred, axis=0))
        self._count.assign_add(ops.sum(weight))

    def result(self) -> dict[str, Any]:
        positive, negative = (
            ops.divide_no_nan(self._total[0], self._count),
            ops.divide_no_nan(self._total[1], self._count),
        )
        return dict(zip(_NAMES, (positive, negative, positive - negative), strict=True))
