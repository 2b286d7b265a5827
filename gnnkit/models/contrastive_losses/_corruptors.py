"""Random corruptions of features: shuffling and dropout."""

import math
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.models.contrastive_losses._corruption_spec import CorruptionSpec
from gnnkit.models.contrastive_losses._corruptor import Corruptor
from gnnkit.models.contrastive_losses._examples import ops
from gnnkit.ops import _primitives
from gnnkit.ops._real_components import real_items


class _RandomCorruptor(Corruptor[float]):
    """A corruptor with a seed, and with a corruption_fn of its own."""

    def __init__(self, corruption_spec: CorruptionSpec[float] | None, *, seed: int | None, **kwargs: Any) -> None:
        super().__init__(corruption_spec, **kwargs)
        self._seed = seed
        self._seed_generator = keras.random.SeedGenerator(seed)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["corruption_fn"]
        return {**config, "seed": self._seed}


@final
@keras.saving.register_keras_serializable("gnnkit")
class ShuffleFeaturesGlobally(_RandomCorruptor):
    """Moves rows of features to other items, across components, and for each feature to others.

    corruption_spec: for each feature, the share of its rows that are shuffled among each other, in [0, 1]; 1 by default.
        The rows are chosen at random, their number is rounded up.
    seed: an int makes the draws reproducible; each call draws anew.

    Input and output: a graph, with dense or ragged features; auxiliary sets stay as they are. Of a batch of graphs, graphs
    are shuffled, not items. Items that the Runner pads with stay where they are, and so do all others among each other.
    ValueError: a rate outside of [0, 1].

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"x": [1, 2, 3]})
    >>> sorted(ShuffleFeaturesGlobally(seed=1)(graph).node_sets["nodes"]["x"].numpy().tolist())
    [1, 2, 3]
    """

    def __init__(
        self, corruption_spec: CorruptionSpec[float] | None = None, *, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(corruption_spec, corruption_fn=self._shuffle, default=1.0, seed=seed, **kwargs)

    def _corrupt_feature(self, piece: Any, value: Any, parameter: Any) -> Any:
        return self._shuffle(value, parameter, real_items(piece))

    def _shuffle(self, value: Any, rate: float, is_real: Any = None) -> Any:
        if not 0 <= rate <= 1:
            raise ValueError(f"the rate of shuffling must be in [0, 1], but is {rate}.")
        if rate == 0:
            return value
        num = value.nrows() if isinstance(value, tf.RaggedTensor) else ops.shape(value)[0]
        positions = _primitives.arange(num, "int32")
        if is_real is None:
            order = keras.random.shuffle(positions, seed=self._seed_generator)
            if rate < 1:
                order = self._trade_places(positions, order, _ceil(rate, num))
        else:
            real = tf.boolean_mask(positions, is_real)
            order = keras.random.shuffle(real, seed=self._seed_generator)
            order = self._trade_places(positions, order, _ceil(rate, tf.shape(real)[0]))
        return _primitives.gather(value, order)

    def _trade_places(self, positions: Any, order: Any, count: Any) -> Any:
        """The first `count` items in random order are a random choice; they trade places with each other."""
        chosen = order[:count]
        return ops.scatter_update(positions, ops.expand_dims(ops.sort(chosen), 1), chosen)


@final
@keras.saving.register_keras_serializable("gnnkit")
class DropoutFeatures(_RandomCorruptor):
    """Sets values of features to zero with probability `rate`, and scales the others by 1 / (1 - rate).

    Outside of training as well.

    corruption_spec: the rate of each feature, in [0, 1); 0 by default, which leaves features of any dtype as they are.
    seed: an int makes the draws reproducible; each call draws anew.

    Input and output: a graph, with dense or ragged features; auxiliary sets stay as they are.
    ValueError: a rate outside of [0, 1), or one over 0 for a feature that is not floating point.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"x": [1.0, 1.0, 1.0], "id": [1, 2, 3]})
    >>> spec = CorruptionSpec(node_set_corruption={"nodes": {"x": 0.75}})
    >>> set(DropoutFeatures(spec, seed=1)(graph).node_sets["nodes"]["x"].numpy().tolist()) <= {0.0, 4.0}
    True
    """

    def __init__(
        self, corruption_spec: CorruptionSpec[float] | None = None, *, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(corruption_spec, corruption_fn=self._dropout, default=0.0, seed=seed, **kwargs)

    def _dropout(self, value: Any, rate: float) -> Any:
        if not 0 <= rate < 1:
            raise ValueError(f"the rate of dropout must be in [0, 1), but is {rate}.")
        if rate == 0:
            return value
        if not _field.dtype_of(value).is_floating:
            raise ValueError(
                f"dropout needs floating point values, but they are {_field.dtype_of(value).name}. Give the feature a "
                "rate of 0, or embed it first."
            )
        if isinstance(value, tf.RaggedTensor):
            return value.with_flat_values(self._dropout(value.flat_values, rate))
        return keras.random.dropout(value, rate, seed=self._seed_generator)


def _ceil(rate: float, num: Any) -> Any:
    """`rate * num`, rounded up: an int where `num` is one."""
    return (
        math.ceil(rate * num)
        if isinstance(num, int)
        else tf.cast(tf.math.ceil(rate * tf.cast(num, "float64")), "int32")
    )
