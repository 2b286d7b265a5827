"""The draw: which neighbours of a node go into a subgraph. A pure function, the same on every machine.

A draw knows a 64-bit key, made of (seed, subgraph, op name, node), and the number of neighbours; it yields positions in
the canonical order of the neighbours. Neighbours are ordered by the key of their node (a hash of its id), parallel
edges by their row. Random numbers are counter-based: number `i` of a draw is `splitmix64(key + i * golden)`.
"""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._jit import jit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK32 = np.uint64(0xFFFFFFFF)
_SMALL = 32  # Up to this sample size, looking through the sample beats a hash table.


@jit
def mix(x):
    """splitmix64's finalizer: a bijection of uint64 whose output bits all depend on all input bits."""
    x = np.uint64(x) + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@jit
def combine(a, b):
    """One key of two; the order matters."""
    return mix(mix(a) ^ (np.uint64(b) + _GOLDEN * np.uint64(2)))


@jit
def bounded(key, i, n):
    """Random number `i` of a draw, uniform in `[0, n)`: the high half of a 128-bit product (bias below n / 2**64)."""
    x = mix(key + np.uint64(i) * _GOLDEN)
    m = np.uint64(n)
    low, high = x & _MASK32, x >> np.uint64(32)
    m_low, m_high = m & _MASK32, m >> np.uint64(32)
    carry = ((low * m_low) >> np.uint64(32)) + ((low * m_high) & _MASK32) + ((high * m_low) & _MASK32)
    top = high * m_high + ((low * m_high) >> np.uint64(32)) + ((high * m_low) >> np.uint64(32))
    return np.int64(top + (carry >> np.uint64(32)))


@jit
def unit(key, i):
    """Random number `i` of a draw, uniform in `[0, 1)`: a multiple of 2**-53."""
    return np.float64(mix(key + np.uint64(i) * _GOLDEN) >> np.uint64(11)) * 1.1102230246251565e-16


@jit
def draw_uniform(key, degree, size, out, table):
    """Draws min(degree, size) of `degree` positions, each subset equally likely, in O(size): R. Floyd's algorithm.

    out: int64, at least `size` long; receives the positions. Returns their number.
    table: int64 scratch for sizes over 32, all -1, with a power of two of at least 2 * size entries; it is left all -1.
    """
    if degree <= size:
        for i in range(degree):
            out[i] = i
        return degree
    for i in range(size):
        last = degree - size + i
        position = bounded(key, i, last + 1)
        if size <= _SMALL:
            taken = False
            for j in range(i):
                if out[j] == position:
                    taken = True
                    break
            out[i] = last if taken else position
        else:
            out[i] = position if _insert(table, position) else last
            if out[i] == last and position != last:
                _insert(table, last)
    if size > _SMALL:
        _clear(table, out, size)
    return size


@jit
def _slot(table, value):
    mask = len(table) - 1
    slot = np.int64(mix(np.uint64(value)) & np.uint64(mask))
    while table[slot] != -1 and table[slot] != value:
        slot = (slot + 1) & mask
    return slot


@jit
def _insert(table, value):
    slot = _slot(table, value)
    if table[slot] == value:
        return False
    table[slot] = value
    return True


@jit
def _clear(table, values, count):
    # From the last to the first, so that no probe sequence is broken before all its values are gone.
    for i in range(count - 1, -1, -1):
        table[_slot(table, values[i])] = -1


@jit
def hash_rows(data, offsets, out):
    """FNV-1a of each of N byte strings, mixed. data: uint8. offsets: int64 `[N + 1]`. out: uint64 `[N]`."""
    for row in range(len(out)):
        value = np.uint64(0xCBF29CE484222325)
        for i in range(offsets[row], offsets[row + 1]):
            value = (value ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
        out[row] = mix(value)
