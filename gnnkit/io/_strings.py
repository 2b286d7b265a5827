"""Whether the strings in serialized tf.train.Examples may be read."""

from collections.abc import Sequence

import tensorflow as tf


def check_strings(serialized: tf.Tensor, keys: Sequence[str]) -> tf.Tensor:
    """True, after a check of the lengths of the strings that tf.train.Examples `[B]` hold under `keys`.

    A length of more than 2**31 crashes the process in TensorFlow's parser of batches; that of single Examples is right
    about strings. tf.errors.InvalidArgumentError: a string reaches beyond the end.
    """
    features = {key: tf.io.RaggedFeature(tf.string) for key in keys}

    def read(example: tf.Tensor, num_strings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        strings = tf.io.parse_single_example(serialized[example], features)
        return example + 1, num_strings + tf.size(strings[keys[0]])

    _, num_strings = tf.while_loop(lambda example, _: example < tf.size(serialized), read, [0, 0])
    # TensorFlow would leave out the loop if nothing needed its result.
    checked = tf.raw_ops.Assert(condition=num_strings >= 0, data=[""])
    with tf.control_dependencies([] if checked is None else [checked]):
        return tf.constant(True)
