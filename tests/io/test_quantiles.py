"""Quantiles of streams, against the sorted numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnkit.io._quantiles import QuantileSketch


@given(st.lists(st.lists(st.integers(-9, 9), max_size=7), max_size=5).filter(any), st.integers(1, 12))
def test_exact_while_they_fit(parts, n):
    sketch = QuantileSketch()
    for part in parts:
        sketch.add(np.array(part, np.int64))
    numbers = sorted(number for part in parts for number in part)
    assert sketch.count == len(numbers)
    # By definition the smallest number that no fewer than this part of all numbers do not exceed.
    expected = [
        next(x for x in numbers if sum(y <= x for y in numbers) * n >= i * len(numbers)) for i in range(1, n + 1)
    ]
    assert sketch.quantiles(n).tolist() == [numbers[0], *expected]


@pytest.mark.parametrize("order", ["random", "rising", "falling", "two halves"])
def test_ranks_of_a_long_stream(order):
    n, capacity = 100_000, 256
    numbers = np.arange(n)
    if order == "random":
        numbers = np.random.default_rng(1).permutation(n)
    elif order == "falling":
        numbers = numbers[::-1]
    elif order == "two halves":
        numbers = np.concatenate([numbers[::2], numbers[1::2]])
    sketch = QuantileSketch(capacity)
    for part in np.array_split(numbers, 777):
        sketch.add(part)
    result = sketch.quantiles(50)
    assert sketch.count == n
    assert result[0] == 0 and result[-1] == n - 1
    ranks = np.maximum(np.ceil(np.arange(51) * n / 50), 1) - 1
    bound = n * math.log2(n / capacity) / capacity
    assert np.abs(result - ranks).max() < bound
    assert sum(kept.size for kept in sketch._levels) <= capacity * (math.log2(n / capacity) + 1)


def test_weights_add_up():
    sketch = QuantileSketch(8)
    for i in range(1, 40):
        sketch.add(np.arange(i % 7))
    assert sum(kept.size << i for i, kept in enumerate(sketch._levels)) == sketch.count


def test_nothing():
    sketch = QuantileSketch()
    sketch.add([])
    with pytest.raises(ValueError, match="there are no numbers yet"):
        sketch.quantiles(2)
