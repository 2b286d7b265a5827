"""The accuracy of logits."""

from typing import Any, final

import keras

from gnnkit.keras.metrics._lists import ops


@final
@keras.saving.register_keras_serializable("gnnkit")
class LogitsAccuracy(keras.metrics.MeanMetricWrapper):
    """How often the sign of a logit tells the label, 0 or 1. (`BinaryAccuracy` takes no threshold of 0.)

    y_true: `[R]` or `[R, K]`. y_pred: logits `[R, K]`.

    >>> metric = LogitsAccuracy()
    >>> metric.update_state([1, 0], [[0.3], [-0.2]])
    >>> float(metric.result())
    1.0
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None) -> None:
        super().__init__(fn=_sign_agrees, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


def _sign_agrees(y_true: Any, y_pred: Any) -> Any:
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.reshape(ops.cast(y_true, y_pred.dtype), ops.shape(y_pred))
    right = ops.equal(ops.greater(y_pred, 0), ops.greater(y_true, 0))
    return ops.mean(ops.cast(right, "float32"), axis=-1)
