"""The steps of an epoch that were done before an interruption."""

from typing import Any


def skip_steps(model: Any, steps: int) -> None:
    """Makes the first calls of the model's compiled step do nothing, until `steps` batches have been left out.

    `fit` then counts these steps, and calls the callbacks for them, as if they had just been done; no batch is read.
    """
    model.make_train_function()
    step, left = model.train_function, steps
    per_call = int(getattr(model, "steps_per_execution", None) or 1)

    def skipping(iterator: Any) -> Any:
        nonlocal left
        if left > 0:
            left -= per_call
            return model.get_metrics_result()
        model.train_function = step
        return step(iterator)

    model.train_function = skipping
