"""Losses that Keras lacks: with weights of classes, with smoothed sparse labels, log-scaled.

All give one value an example, and are reduced afterwards: what the weights of examples leave out does not count.
"""

from collections.abc import Sequence
from typing import Any, final

import keras

ops: Any = keras.ops  # Its functions have no types of results, which pyright takes for None.

# The sum of weighted values over the sum of weights: with weights of 0 for padding, the mean of what is no padding.
REDUCTION = "mean_with_sample_weight"


def in_shape_of(y_true: Any, y_pred: Any) -> Any:
    """Labels `[R]` or `[R, K]` in the shape and dtype of predictions `[R, K]`."""
    return ops.reshape(ops.cast(y_true, y_pred.dtype), ops.shape(y_pred))


@final
@keras.saving.register_keras_serializable("gnnkit")
class WeightedSparseCategoricalCrossentropy(keras.losses.Loss):
    """Cross entropy of classes `[R]` and logits `[R, K]`, with weights of classes and smoothed labels.

    class_weights: K factors of the losses of examples, by their label; None for 1.
    label_smoothing: share of the label that is spread evenly over all classes, in [0, 1).

    >>> loss = WeightedSparseCategoricalCrossentropy(class_weights=[1.0, 3.0])
    >>> round(float(loss(ops.array([0, 1]), ops.zeros([2, 2]))), 4)
    1.3863
    """

    def __init__(
        self,
        class_weights: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        reduction: str = REDUCTION,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses of examples, `[R]`."""
        label = ops.reshape(ops.cast(y_true, "int32"), [-1])
        log_shares = ops.log_softmax(y_pred, axis=-1)
        loss = -ops.squeeze(ops.take_along_axis(log_shares, label[:, None], axis=-1), -1)
        if self.label_smoothing:
            spread = -ops.mean(log_shares, axis=-1)
            loss = (1.0 - self.label_smoothing) * loss + self.label_smoothing * spread
        if self.class_weights is not None:
            loss = loss * ops.take(ops.convert_to_tensor(self.class_weights, loss.dtype), label)
        return loss

    def get_config(self) -> dict[str, Any]:
        config = {"class_weights": self.class_weights, "label_smoothing": self.label_smoothing}
        return {**super().get_config(), **config}


@final
@keras.saving.register_keras_serializable("gnnkit")
class WeightedBinaryCrossentropy(keras.losses.Loss):
    """Cross entropy of labels 0 or 1, `[R]` or `[R, K]`, and logits `[R, K]`, with weights of both answers.

    class_weights: factors of the losses of zeros and of ones.
    label_smoothing: share of the label that is moved to one half, in [0, 1).

    >>> loss = WeightedBinaryCrossentropy(class_weights=[1.0, 3.0])
    >>> round(float(loss(ops.array([0, 1]), ops.zeros([2, 1]))), 4)
    1.3863
    """

    def __init__(
        self,
        class_weights: Sequence[float],
        label_smoothing: float = 0.0,
        reduction: str = REDUCTION,
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.class_weights = [float(w) for w in class_weights]
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses of examples, `[R]`: means over the K questions."""
        label = in_shape_of(y_true, y_pred)
        smooth = label * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        loss = ops.relu(y_pred) - y_pred * smooth + ops.softplus(-ops.abs(y_pred))
        zero, one = self.class_weights
        return ops.mean(loss * (zero + (one - zero) * label), axis=-1)

    def get_config(self) -> dict[str, Any]:
        config = {"class_weights": self.class_weights, "label_smoothing": self.label_smoothing}
        return {**super().get_config(), **config}


@final
@keras.saving.register_keras_serializable("gnnkit")
class MeanSquaredLogScaledError(keras.losses.Loss):
    """`(y - p)² + α (log(y + ε) - log(p + ε))²` of labels y and predictions p; negative predictions count as 0.

    alpha_loss_param: α. epsilon_loss_param: ε.
    y_true: `[R]` or `[R, K]`, not negative: other labels give NaN. y_pred: `[R, K]`.

    >>> round(float(MeanSquaredLogScaledError()(ops.array([1.0]), ops.array([[0.5]]))), 4)
    2.6523
    """

    def __init__(
        self,
        alpha_loss_param: float = 5.0,
        epsilon_loss_param: float = 1e-8,
        reduction: str = REDUCTION,
        name: str = "mean_squared_log_scaled_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.alpha_loss_param = alpha_loss_param
        self.epsilon_loss_param = epsilon_loss_param

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses of examples, `[R]`: means over the K outputs."""
        label, predicted = in_shape_of(y_true, y_pred), ops.relu(y_pred)
        logs = ops.log(label + self.epsilon_loss_param) - ops.log(predicted + self.epsilon_loss_param)
        return ops.mean(ops.square(label - predicted) + self.alpha_loss_param * ops.square(logs), axis=-1)

    def get_config(self) -> dict[str, Any]:
        config = {"alpha_loss_param": self.alpha_loss_param, "epsilon_loss_param": self.epsilon_loss_param}
        return {**super().get_config(), **config}
