"""The functions of `_draw` for whole arrays, without Numba: the same numbers. They run while kernels are compiled."""

from __future__ import annotations

import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_MASK32 = np.uint64(0xFFFFFFFF)


def mix(x: np.ndarray) -> np.ndarray:
    """`_draw.mix` of uint64 `[N]`."""
    x = x + np.uint64(_GOLDEN)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def combine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`_draw.combine` of uint64 `[N]`, or `[1]`, each."""
    return mix(mix(a) ^ (b + np.uint64(2 * _GOLDEN & _MASK)))


def combine_numbers(a: int, b: int) -> int:
    """`_draw.combine` of two numbers.

    >>> from gnnkit.samplers._draw import combine
    >>> combine_numbers(5, 2**64 - 1) == int(combine(np.uint64(5), np.uint64(2**64 - 1)))
    True
    """
    return int(combine(np.array([a % 2**64], np.uint64), np.array([b % 2**64], np.uint64))[0])


def combine_all(keys: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """`combine` of each pair; a number of 0 leaves its key as it is. uint64 `[N]`."""
    return np.where(numbers != 0, combine(keys, numbers), keys)


def fold(keys: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """One key for each group of keys, `starts[i]` to `starts[i + 1]`: `combine` from left to right. uint64."""
    lengths = np.diff(starts)
    result = np.zeros(len(lengths), np.uint64)
    for j in range(int(lengths.max(initial=0))):
        (longer,) = np.nonzero(lengths > j)
        key = keys[starts[:-1][longer] + j]
        result[longer] = combine(result[longer], key) if j else key
    return result


def bounded(key: np.ndarray, i: int, n: np.ndarray) -> np.ndarray:
    """`_draw.bounded` for keys and bounds, uint64 `[N]`; int64 `[N]`."""
    x = mix(key + np.uint64(i * _GOLDEN & _MASK))
    low, high = x & _MASK32, x >> np.uint64(32)
    m_low, m_high = n & _MASK32, n >> np.uint64(32)
    carry = ((low * m_low) >> np.uint64(32)) + ((low * m_high) & _MASK32) + ((high * m_low) & _MASK32)
    top = high * m_high + ((low * m_high) >> np.uint64(32)) + ((high * m_low) >> np.uint64(32))
    return (top + (carry >> np.uint64(32))).astype(np.int64)


def draw_uniform(key: np.ndarray, degree: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """`_draw.draw_uniform` for N nodes: (number of positions of each, int64 `[N]`; the positions, one after another)."""
    counts = np.minimum(degree, size)
    starts = np.cumsum(counts) - counts
    positions = np.arange(counts.sum(), dtype=np.int64) - np.repeat(starts, counts)
    (large,) = np.nonzero(degree > size)
    drawn = np.empty((len(large), size), np.int64)
    for i in range(size):
        last = degree[large] - size + i
        position = bounded(key[large], i, (last + 1).astype(np.uint64))
        taken = (drawn[:, :i] == position[:, None]).any(axis=1)
        drawn[:, i] = np.where(taken, last, position)
    if len(large):
        positions[starts[large][:, None] + np.arange(size)] = drawn
    return counts, positions


def hash_bytes(text: bytes) -> int:
    """A stable 64-bit hash of one byte string; the same as `_draw.hash_rows` gives.

    >>> hash_bytes(b"seed->cites") == hash_bytes(b"seed->cites")
    True
    """
    value = 0xCBF29CE484222325
    for byte in text:
        value = (value ^ byte) * 0x100000001B3 & _MASK
    return int(mix(np.array([value], np.uint64))[0])
