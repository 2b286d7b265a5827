"""Losses of representations of clean and corrupted graphs, for `compile`."""

import abc
from typing import Any, final

import keras

from gnnkit.models.contrastive_losses import _losses


class _BatchLoss(keras.losses.Loss, abc.ABC):
    """A loss that is no mean over examples: their weights belong inside of it, so there is nothing left to reduce."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_pred = keras.ops.convert_to_tensor(y_pred, dtype=self.dtype)
        if len(y_pred.shape) != 3 or y_pred.shape[1] not in (2, None):
            raise ValueError(
                f"{type(self).__name__} needs y_pred of shape [batch size, 2, dimensions], the clean and the corrupted "
                f"representations, but got {list(y_pred.shape)}."
            )
        return self._of_views(y_pred[:, 0], y_pred[:, 1], sample_weight)

    @abc.abstractmethod
    def _of_views(self, clean: Any, corrupted: Any, sample_weight: Any) -> Any:
        """The loss of representations `[B, D]` and weights `[B]` or None."""


@final
@keras.saving.register_keras_serializable("gnnkit")
class BarlowTwinsLoss(_BatchLoss):
    """`barlow_twins_loss` of y_pred `[B, 2, D]`: clean and corrupted representations. y_true is ignored.

    lambda_, normalize_batch, sample_weight: see there.
    ValueError: another shape.

    >>> y_pred = keras.random.normal([8, 2, 4])
    >>> BarlowTwinsLoss()(None, y_pred, sample_weight=[1, 1, 1, 1, 1, 1, 0, 0]).shape
    TensorShape([])
    """

    def __init__(
        self, *, lambda_: float | None = None, normalize_batch: bool = True, name: str = "barlow_twins_loss"
    ) -> None:
        super().__init__(name)
        self.lambda_ = lambda_
        self.normalize_batch = normalize_batch

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "lambda_": self.lambda_, "normalize_batch": self.normalize_batch}

    def _of_views(self, clean: Any, corrupted: Any, sample_weight: Any) -> Any:
        return _losses.barlow_twins_loss(
            clean,
            corrupted,
            lambda_=self.lambda_,
            normalize_batch=self.normalize_batch,
            sample_weight=sample_weight,
        )


@final
@keras.saving.register_keras_serializable("gnnkit")
class VicRegLoss(_BatchLoss):
    """`vicreg_loss` of y_pred `[B, 2, D]`: clean and corrupted representations. y_true is ignored.

    sim_weight, var_weight, cov_weight, sample_weight: see there.
    ValueError: another shape.

    >>> y_pred = keras.random.normal([8, 2, 4])
    >>> VicRegLoss(cov_weight=2.0)(None, y_pred, sample_weight=[1, 1, 1, 1, 1, 1, 0, 0]).shape
    TensorShape([])
    """

    def __init__(
        self,
        *,
        sim_weight: float = 25.0,
        var_weight: float = 25.0,
        cov_weight: float = 1.0,
        name: str = "vicreg_loss",
    ) -> None:
        super().__init__(name)
        self.weights = {"sim_weight": sim_weight, "var_weight": var_weight, "cov_weight": cov_weight}

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.weights}

    def _of_views(self, clean: Any, corrupted: Any, sample_weight: Any) -> Any:
        return _losses.vicreg_loss(clean, corrupted, **self.weights, sample_weight=sample_weight)


@final
@keras.saving.register_keras_serializable("gnnkit")
class TripletLoss(keras.losses.Loss):
    """The sum over examples of `triplet_loss`. y_true is ignored.

    margin: by how much negative examples should be further away.
    reduction: as in all losses of Keras.
    y_pred: `[B, 2]`, distances to positive and negative examples, as from `TripletEmbeddingSquaredDistances`.

    >>> distances = keras.ops.array([[1.0, 1.5], [2.0, 1.0]])
    >>> float(TripletLoss()(keras.ops.zeros([2]), distances, sample_weight=[1, 0]))
    0.5
    """

    def __init__(self, margin: float = 1.0, reduction: str = "sum", name: str = "triplet_loss") -> None:
        super().__init__(name=name, reduction=reduction)
        self.margin = margin

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return _losses.triplet_loss(y_pred[:, 0], y_pred[:, 1], self.margin)
