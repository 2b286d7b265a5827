"""Quantiles of a stream of numbers in bounded memory."""

from typing import Any

import numpy as np


class QuantileSketch:
    """Quantiles of numbers that come bit by bit and are not kept.

    capacity: exact up to so many numbers. Whenever more have come together, they are sorted, and every second one is
        dropped, while the other ones count double; likewise among those that count double, and so on (Munro and
        Paterson 1980). The rank of a result among n numbers is then off by at most n (1 + log2(n / capacity)) / capacity:
        0.03 % of n for a billion numbers. Memory: log2(n / capacity) + 1 times `capacity` numbers.

    The same numbers in the same order give the same result.

    >>> sketch = QuantileSketch()
    >>> sketch.add([5, 1, 2])
    >>> sketch.add([4, 3])
    >>> sketch.quantiles(2).tolist()
    [1, 3, 5]
    """

    def __init__(self, capacity: int = 1 << 16) -> None:
        self._capacity = capacity
        self._levels: list[Any] = []  # Each number at level i stands for 2**i numbers.
        self._offsets: list[int] = []  # Which of two neighbours is dropped next: in turn, so that errors cancel.
        self._ends: Any = None
        self.count = 0

    def add(self, values: Any) -> None:
        """Takes in `values` `[n]`: integers or finite floats, of one dtype in all calls."""
        values = np.asarray(values)
        if not values.size:
            return
        self.count += values.size
        seen = values if self._ends is None else np.concatenate([self._ends, values])
        self._ends = np.array([seen.min(), seen.max()])
        level = 0
        while values.size:
            values = self._put(level, values)
            level += 1

    def _put(self, level: int, values: Any) -> Any:
        """Adds to a level, and returns what has to move to the next one."""
        if level == len(self._levels):
            self._levels.append(values[:0])
            self._offsets.append(0)
        merged = np.concatenate([self._levels[level], values])
        if merged.size <= self._capacity:
            self._levels[level] = merged
            return values[:0]
        merged.sort()
        pairs = merged.size // 2 * 2
        self._levels[level] = merged[pairs:].copy()
        offset = self._offsets[level]
        self._offsets[level] = 1 - offset
        return merged[offset:pairs:2].copy()

    def quantiles(self, parts: int) -> Any:
        """The numbers that end each of `parts` parts of equal size, with the minimum before them: `[parts + 1]`.

        All of them occur in the stream. ValueError: there are no numbers.
        """
        if not self.count:
            raise ValueError("QuantileSketch.quantiles: there are no numbers yet; call add() first.")
        values = np.concatenate(self._levels)
        weights = np.concatenate([np.full(kept.size, 1 << i) for i, kept in enumerate(self._levels)])
        order = np.argsort(values, kind="stable")
        ranks = [max(-(-i * self.count // parts), 1) for i in range(parts + 1)]  # 1 is the smallest number.
        result = values[order][np.searchsorted(np.cumsum(weights[order]), ranks)]
        result[[0, -1]] = self._ends
        return result
