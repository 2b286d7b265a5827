"""Pooling of neighbours under a linear map."""

from collections.abc import Callable
from typing import Any


def pool_linear(linear: Callable[[Any], Any], units: int, pool: Callable[[Any], Any], states: Any) -> Any:
    """`pool(linear(states))`, which is `linear(pool(states))`, computed on the narrower side of the map.

    linear: a linear map, without bias, from the width of `states` `[V, F]` to `units`.
    pool: sums or means over neighbours, `[V, ...]` to `[V', ...]`.
    """
    return pool(linear(states)) if units < states.shape[-1] else linear(pool(states))
