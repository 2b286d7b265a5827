"""Made-up words, the same for the same generator."""

from __future__ import annotations

import numpy as np

_HEADS = ("b", "br", "ch", "d", "f", "g", "gl", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr", "v", "z")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_TAILS = ("", "", "l", "n", "r", "s", "m")
_SYLLABLES = tuple((head + vowel + tail).encode() for head in _HEADS for vowel in _VOWELS for tail in _TAILS)


def words(rng: np.random.Generator, count: int) -> list[bytes]:
    """`count` words of two or three syllables."""
    picks = rng.integers(len(_SYLLABLES), size=(count, 3)).tolist()
    three = (rng.random(count) < 0.4).tolist()
    return [
        _SYLLABLES[a] + _SYLLABLES[b] + (_SYLLABLES[c] if long else b"")
        for (a, b, c), long in zip(picks, three, strict=True)
    ]


def names(rng: np.random.Generator, count: int, prefix: bytes) -> np.ndarray:
    """Object array `[count]` of distinct capitalised words."""
    result: dict[bytes, None] = {}
    while len(result) < count:
        result |= dict.fromkeys(prefix + word.capitalize() for word in words(rng, count))
    array = np.empty(count, object)
    array[:] = list(result)[:count]
    return array


def phrases(rng: np.random.Generator, count: int, length: int, vocabulary: int = 2000) -> np.ndarray:
    """Object array `[count]` of phrases of `length` words out of a vocabulary."""
    known = words(rng, vocabulary)
    array = np.empty(count, object)
    array[:] = [
        b" ".join([known[i] for i in row]).capitalize()
        for row in rng.integers(vocabulary, size=(count, length)).tolist()
    ]
    return array
