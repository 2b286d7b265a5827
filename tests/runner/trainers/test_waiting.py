import time

import tensorflow as tf

from gnnkit.runner.trainers._waiting import Waiting


def slow(x):
    time.sleep(0.05)
    return x


def test_what_is_measured_is_the_time_that_the_consumer_waits():
    numbers = tf.data.Dataset.range(9).map(lambda x: tf.ensure_shape(tf.numpy_function(slow, [x], tf.int64), []))
    waiting = Waiting()
    data = waiting.measure(numbers)
    assert int(data.cardinality()) == 9 and data.element_spec == numbers.element_spec
    assert [int(x) for x in data] == list(range(9))
    assert waiting.batches == 9 and 8 * 0.05 <= waiting.seconds

    # With a buffer before it, and a consumer that is as slow as the data, there is little to wait for.
    buffered = Waiting()
    for _ in buffered.measure(numbers.prefetch(4)):
        time.sleep(0.2)
    assert buffered.seconds < 8 * 0.05
