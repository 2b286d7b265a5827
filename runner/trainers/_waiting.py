"""How long a trainer waits for its data."""

from typing import Any, final

import tensorflow as tf


@final
class Waiting:
    """Measures the time from the request of a batch to its arrival.

    seconds: all waiting but that for the first batch, which includes the start of the pipeline. batches: how many came.
    """

    def __init__(self) -> None:
        self.seconds, self.batches = 0.0, 0

    def measure(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """The same elements; must be the last stage, as a buffer behind it would wait in the trainer's place."""

        def note(begin: tf.Tensor, element: Any, end: tf.Tensor) -> Any:
            tf.numpy_function(self._add, [end - begin], [], stateful=True)
            return element

        # The parts of a zip are fetched one after another: a clock, the data, a clock.
        clock = tf.data.Dataset.counter().map(lambda _: tf.timestamp())
        result = tf.data.Dataset.zip((clock, dataset, clock)).map(tf.autograph.experimental.do_not_convert(note))
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False
        return result.with_options(options)

    def _add(self, seconds: float) -> None:
        if self.batches:
            self.seconds += float(seconds)
        self.batches += 1
