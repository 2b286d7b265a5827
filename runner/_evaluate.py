"""Metrics of a trained model on more data."""

from typing import Any

import tensorflow as tf

from gnnkit.runner._interfaces import DatasetProvider, RunResult
from gnnkit.runner._quiet import quiet_fit
from gnnkit.runner.data._batches import BatchProvider


def evaluate(
    run_result: RunResult, ds_provider: DatasetProvider, *, global_batch_size: int, verbose: int | str = 0
) -> dict[str, float]:
    """The loss and metrics of the trained model on the examples of a provider, by name.

    run_result: from `run`. ds_provider: as the `valid_ds_provider` of `run`. verbose: as for `keras.Model.evaluate`.

    ValueError: elements of another type than those the model was trained on, or none at all.
    """
    if run_result.preprocess_model is None or run_result.gtspec is None:
        raise ValueError("evaluate needs a RunResult with preprocess_model and gtspec, as run() returns it.")
    batches = BatchProvider(
        name="evaluation",
        delegate=ds_provider,
        gtspec=run_result.gtspec,
        preprocess_model=run_result.preprocess_model,
        global_batch_size=global_batch_size,
        drop_remainder=False,
    )
    dataset = batches.get_dataset(tf.distribute.InputContext())
    if int(dataset.cardinality()) in (0, tf.data.INFINITE_CARDINALITY):
        raise ValueError(
            "The evaluation dataset must have examples, and an end, but it is "
            f"{'empty' if int(dataset.cardinality()) == 0 else 'infinite'}."
        )
    with quiet_fit():
        metrics: Any = run_result.trained_model.evaluate(dataset, verbose=verbose, return_dict=True)
    return {name: float(value) for name, value in metrics.items()}
