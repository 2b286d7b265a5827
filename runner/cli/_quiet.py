"""Starts TensorFlow without what its C++ parts write while they load; they cannot be told to be silent in time."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def loading_tensorflow(*, hidden: bool = False) -> Iterator[None]:
    """Loads TensorFlow, and then what is imported in the block. hidden: whether not to say so on a terminal."""
    with _waiting("Loading TensorFlow ...", hidden=hidden), native_stderr_hidden():
        import tensorflow as tf

        tf.config.list_physical_devices()
        if "TF_CONFIG" not in os.environ:  # Several workers must be set up before the devices start.
            tf.constant(0)
        yield


@contextlib.contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """Takes away what is written to file descriptor 2, unless an exception is raised: then it is shown."""
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # There is no standard error.
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            sys.stderr.flush()
            os.dup2(saved, 2)
            file.seek(0)
            os.write(2, file.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)


@contextlib.contextmanager
def _waiting(text: str, *, hidden: bool) -> Iterator[None]:
    """A line that goes away afterwards, on a terminal."""
    if hidden or not sys.stderr.isatty():
        yield
        return
    sys.stderr.write(text)
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r" + " " * len(text) + "\r")
        sys.stderr.flush()
