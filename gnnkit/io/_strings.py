"""Whether the strings in serialized tf.train.Examples may be read."""

import functools

import tensorflow as tf


def check_strings(serialized: tf.Tensor, keys: tuple[str, ...]) -> tf.Tensor:
    """True, after a check of the lengths of the strings that tf.train.Examples `[B]` hold under `keys`.

    A length of more than 2**31 crashes the process in TensorFlow's parsers of batches; that of single Examples is right
    about strings. tf.errors.InvalidArgumentError: a string reaches beyond the end.
    """
    (num_strings,) = tf.raw_ops.MapDefun(
        arguments=[serialized],
        captured_inputs=[],
        output_types=[tf.int32],
        output_shapes=[[]],
        f=_count_strings(keys),
        max_intra_op_parallelism=0,
    )
    # TensorFlow would leave the check out if nothing needed its result.
    return tf.raw_ops.Assert(condition=tf.reduce_min(num_strings) >= 0, data=[""])


@functools.lru_cache(maxsize=128)
def _count_strings(keys: tuple[str, ...]) -> tf.types.experimental.ConcreteFunction:
    """Of one Example: string `[]` to int32 `[]`."""

    def count(example: tf.Tensor) -> tf.Tensor:
        parsed = tf.raw_ops.ParseSingleExample(
            serialized=example,
            dense_defaults=[],
            num_sparse=len(keys),
            sparse_keys=keys,
            dense_keys=[],
            sparse_types=[tf.string] * len(keys),
            dense_shapes=[],
        )
        return tf.size(parsed.sparse_values[0])

    with tf.init_scope():
        return tf.function(count, autograph=False).get_concrete_function(tf.TensorSpec([], tf.string))
