"""Warnings of Keras that do not concern the user."""

import contextlib
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_fit() -> Iterator[None]:
    """Keras warns at the end of each epoch whose number of steps it could not know before.

    And `EarlyStopping` warns in each epoch without an evaluation, which `validation_freq` leaves out on purpose.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        absent = "Early stopping conditioned on metric `val_.*Available metrics are: (?!.*val_)"
        warnings.filterwarnings("ignore", message=absent)
        yield
