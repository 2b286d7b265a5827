"""Names of folders for models."""

import os

import tensorflow as tf


def incrementing_model_dir(dirname: str, start: int = 0) -> str:
    """The folder in `dirname` whose name is the number after the largest there, `start` if there is none.

    It is not made.

    >>> incrementing_model_dir("/tmp/there/is/no/such/folder", start=3)
    '/tmp/there/is/no/such/folder/3'
    """
    names = tf.io.gfile.listdir(dirname) if tf.io.gfile.isdir(dirname) else []
    numbers = [int(name.rstrip("/")) for name in names if name.rstrip("/").isdecimal()]
    return os.path.join(dirname, str(max([start - 1, *numbers]) + 1))
