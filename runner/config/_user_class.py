"""Classes and functions of the user's, by dotted path."""

import abc
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from gnnkit.runner.config._base import Section

Path = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]


class UserClass(Section, abc.ABC):
    """What a Python class or function of the user's makes."""

    class_: Path = Field(alias="class")
    """Dotted path, such as `my_package.module.MyClass`; the module must be importable."""

    args: dict[str, Any] = {}
    """Keyword arguments."""


class Callback(UserClass):
    """A `keras.callbacks.Callback`."""


class UserTrainer(UserClass):
    """A `gnnkit.runner.Trainer`; the class is called with `model_dir` and `args`, and with `strategy` if it takes it."""
