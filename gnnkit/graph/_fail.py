"""The end of a check that found something wrong: the message is put together on failure only."""

from typing import Any

import tensorflow as tf


def fail_with(*parts: Any) -> Any:
    """InvalidArgumentError with a message joined from texts and scalar tensors; a false bool, for `tf.cond`."""
    texts = [p if isinstance(p, str) or p.dtype == tf.string else tf.strings.as_string(p) for p in parts]
    # The operation would put a backslash before each quotation mark.
    message = tf.strings.regex_replace(tf.strings.join(texts), "'", "`")
    # The operation itself: tf.debugging.Assert would wrap it in another condition.
    stop = tf.raw_ops.Assert(condition=False, data=[message])
    with tf.control_dependencies([] if stop is None else [stop]):
        return tf.constant(False)
