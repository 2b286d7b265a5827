"""Initializers that are used more than once."""

from typing import Any

import keras


def clone_initializer(initializer: Any) -> Any:
    """A fresh copy of an initializer object, so that two layers do not draw the same values; other things stay.

    >>> import gnnkit, keras
    >>> gnnkit.keras.clone_initializer("zeros")
    'zeros'
    """
    if isinstance(initializer, keras.initializers.Initializer):
        return initializer.__class__.from_config(initializer.get_config())
    return initializer
