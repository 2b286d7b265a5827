"""The draw: right probabilities, and the same numbers as the definition in plain Python."""

import itertools

import numpy as np
import pytest

from gnnkit.samplers._draw import bounded, combine, draw_uniform, hash_rows, mix
from gnnkit.samplers._draw_numpy import hash_bytes

M = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def py_mix(x):
    x = (x + GOLDEN) & M
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & M
    x = (x ^ x >> 27) * 0x94D049BB133111EB & M
    return x ^ x >> 31


def py_combine(a, b):
    return py_mix(py_mix(a) ^ (b + 2 * GOLDEN & M))


def py_draw(key, degree, size):
    if degree <= size:
        return list(range(degree))
    out = []
    for i in range(size):
        last = degree - size + i
        position = py_mix((key + i * GOLDEN) & M) * (last + 1) >> 64
        out.append(last if position in out else position)
    return out


def draw(key, degree, size):
    out, table = np.empty(max(size, 1), np.int64), np.full(4096, -1, np.int64)
    count = draw_uniform(np.uint64(key), degree, size, out, table)
    assert (table == -1).all()
    return out[:count].tolist()


def test_the_first_numbers_are_splitmix64():
    assert int(mix(np.uint64(0))) == 0xE220A8397B1DCDAF  # First output of splitmix64 with state 0.
    for a, b in itertools.product([0, 1, 2**63, M, 12345], repeat=2):
        assert int(mix(np.uint64(a))) == py_mix(a)
        assert int(combine(np.uint64(a), np.uint64(b))) == py_combine(a, b)
    for n in (1, 3, 2**31, 2**33 + 7, 2**62):
        assert int(bounded(np.uint64(99), 5, n)) == py_mix((99 + 5 * GOLDEN) & M) * n >> 64


def test_hashes_are_stable():
    assert hash_bytes(b"") == py_mix(0xCBF29CE484222325)
    texts = [b"a", b"", b"paper->author", bytes(range(256))]
    out = np.empty(4, np.uint64)
    splits = np.cumsum([0, *map(len, texts)])
    hash_rows(np.frombuffer(b"".join(texts), np.uint8), splits, out)
    assert out.tolist() == [hash_bytes(text) for text in texts]
    assert len(set(out.tolist())) == 4


@pytest.mark.parametrize(
    "degree, size", [(0, 3), (3, 5), (5, 5), (6, 5), (1000, 7), (40, 33), (34, 33), (100_000, 200), (500, 499)]
)
def test_draws_follow_the_definition(degree, size):
    for key in range(20):
        got = draw(key, degree, size)
        assert got == py_draw(key, degree, size)
        assert len(set(got)) == len(got) == min(degree, size)


@pytest.mark.parametrize("degree, size", [(3, 3), (2, 4), (4, 3), (10, 3), (60, 40), (200, 5)])
def test_inclusion_probabilities(degree, size):
    rounds = 20_000
    counts = np.zeros(degree)
    for key in range(rounds):
        counts[draw(py_mix(key), degree, size)] += 1
    p = min(size / degree, 1)
    if p == 1:
        assert (counts == rounds).all()
        return
    # Counts of a draw without replacement: variance p(1-p), correlated: degree - 1 degrees of freedom.
    chi2 = ((counts - rounds * p) ** 2 / (rounds * p * (1 - p))).sum() * (degree - 1) / degree
    assert chi2 < degree - 1 + 4 * np.sqrt(2 * (degree - 1))


def test_all_subsets_are_equally_likely():
    rounds, counts = 30_000, {}
    for key in range(rounds):
        subset = tuple(sorted(draw(py_mix(key), 6, 3)))
        counts[subset] = counts.get(subset, 0) + 1
    assert len(counts) == 20
    expected = rounds / 20
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 19 + 4 * np.sqrt(2 * 19)
