"""What a class takes, for the Runner's classes of the user."""

import collections

import keras
import pytest

from gnnkit._parameters import parameters_of


class Layer(keras.layers.Layer):
    def __init__(self, units, *, receiver_tag=1, **kwargs):
        super().__init__(**kwargs)


class Heir(Layer):
    pass


class New:
    def __new__(cls, size):
        return super().__new__(cls)


def function(a, b=2):
    del a, b


@pytest.mark.parametrize(
    ("factory", "names"),
    [
        (Layer, ["units", "receiver_tag", "kwargs"]),
        (Heir, ["units", "receiver_tag", "kwargs"]),
        (New, ["size"]),
        (collections.namedtuple("Pair", "x y"), ["x", "y"]),
        (function, ["a", "b"]),
        (type("Bare", (), {}), []),
    ],
)
def test_names(factory, names):
    assert list(parameters_of(factory)) == names
    if factory is Layer:
        assert parameters_of(factory)["receiver_tag"].default == 1
