"""Ranking metrics against plain NumPy, and scikit-learn where it is installed."""

import itertools

import keras
import numpy as np
import pytest

from gnnkit.keras.metrics import NDCG, HitsAtK, MeanReciprocalRank, evaluate_ranking


def ranks_in_all_orders(labels, scores, weights, positive):
    """The ranks that a positive has in all orders of the negatives with its score."""
    negatives = [s for y, s, w in zip(labels, scores, weights, strict=True) if y <= 0 and w > 0]
    above = sum(s > scores[positive] for s in negatives)
    ties = sum(s == scores[positive] for s in negatives)
    return [above + 1 + place for place in range(ties + 1)]


def reference(labels, scores, weights, value):
    total = num = 0.0
    for y, s, w in zip(labels, scores, weights, strict=True):
        for i in np.flatnonzero(y > 0):
            total += w[i] * np.mean([value(rank) for rank in ranks_in_all_orders(y, s, w, i)])
            num += w[i]
    return total / num


@pytest.fixture(scope="module")
def lists():
    rng = np.random.default_rng(4)
    labels = (rng.random([30, 7]) < 0.25).astype(np.float32)
    scores = rng.integers(-3, 4, [30, 7]).astype(np.float32)  # Many ties.
    weights = rng.integers(0, 3, [30, 7]).astype(np.float32)
    return labels, scores, weights


METRICS = [
    (MeanReciprocalRank, {}, lambda rank: 1 / rank),
    (HitsAtK, {"k": 1}, lambda rank: rank <= 1),
    (HitsAtK, {"k": 3}, lambda rank: rank <= 3),
]


@pytest.mark.parametrize(("make", "kwargs", "value"), METRICS)
def test_against_numpy(lists, make, kwargs, value):
    labels, scores, weights = lists
    for used in (np.ones_like(weights), weights):
        expected = reference(labels, scores, used, value)
        rows, flat = make(**kwargs), make(**kwargs, list_size=7)
        for part in (slice(0, 11), slice(11, 30)):
            rows.update_state(labels[part], scores[part], used[part])
            flat.update_state(labels[part].reshape(-1), scores[part].reshape(-1, 1), used[part].reshape(-1))
        assert float(rows.result()) == pytest.approx(expected, rel=1e-5)
        assert float(flat.result()) == pytest.approx(expected, rel=1e-5)
    metric = make(**kwargs)
    metric.update_state(labels, scores, weights[:, 0])  # A weight for each list.
    expected = reference(labels, scores, np.repeat(weights[:, :1], 7, 1), value)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def expected_ndcg(labels, scores, k):
    """The mean over all orders of candidates with equal scores."""
    discounts = 1 / np.log2(np.arange(2, len(labels) + 2))
    discounts[k:] = 0
    orders = [o for o in itertools.permutations(range(len(labels))) if np.all(np.diff(scores[list(o)]) <= 0)]
    best = np.sum(np.sort(labels)[::-1] * discounts)
    return np.mean([np.sum(labels[list(o)] * discounts) for o in orders]) / best


@pytest.mark.parametrize("k", [None, 1, 3])
def test_ndcg_against_numpy(lists, k):
    rng = np.random.default_rng(5)
    labels, scores = rng.integers(0, 3, [20, 5]).astype(np.float32), rng.integers(0, 4, [20, 5]).astype(np.float32)
    labels[0] = 0
    weights = rng.integers(0, 3, 20).astype(np.float32)
    values = [expected_ndcg(y, s, k or 5) for y, s in zip(labels[1:], scores[1:], strict=True)]
    metric = NDCG(k)
    metric.update_state(labels, scores, weights)
    assert float(metric.result()) == pytest.approx(np.average(values, weights=weights[1:]), rel=1e-5)
    # Candidates of weight 0 are as if they were not there.
    metric.reset_state()
    metric.update_state(
        np.pad(labels, [[0, 0], [0, 2]], constant_values=3),
        np.pad(scores, [[0, 0], [0, 2]], constant_values=9),
        np.pad(np.repeat(weights[:, None], 5, 1), [[0, 0], [0, 2]]),
    )
    assert float(metric.result()) == pytest.approx(np.average(values, weights=weights[1:]), rel=1e-5)


def test_ndcg_against_scikit_learn(lists):
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, scores, _ = lists
    some = labels.sum(1) > 0
    for k in (None, 3):
        metric = NDCG(k)
        metric.update_state(labels, scores)
        assert float(metric.result()) == pytest.approx(sklearn.ndcg_score(labels[some], scores[some], k=k), rel=1e-5)


def test_equal_scores_are_a_guess():
    labels = np.eye(4, dtype=np.float32)
    for metric, expected in [
        (MeanReciprocalRank(), np.mean(1 / np.arange(1, 5))),
        (HitsAtK(1), 0.25),
        (HitsAtK(3), 0.75),
        (HitsAtK(9), 1.0),
    ]:
        metric.update_state(labels, np.zeros([4, 4], np.float32))
        assert float(metric.result()) == pytest.approx(expected)


def test_queries_in_any_order(lists):
    rng = np.random.default_rng(6)
    sizes = rng.integers(1, 9, 40)
    queries = np.repeat([f"q{i}" for i in range(40)], sizes)
    labels = (rng.random(len(queries)) < 0.3).astype(np.float32)
    scores = rng.integers(0, 5, len(queries)).astype(np.float32)
    order = rng.permutation(len(queries))
    got = evaluate_ranking(labels[order], scores[order], queries[order], hits_at=[2])
    cut = np.cumsum(sizes)[:-1]
    parts = [np.split(x, cut) for x in (labels, scores, np.ones_like(labels))]
    assert list(got) == ["mrr", "hits_at_2", "ndcg"]
    assert got["mrr"] == pytest.approx(reference(*parts, lambda rank: 1 / rank), rel=1e-5)
    assert got["hits_at_2"] == pytest.approx(reference(*parts, lambda rank: rank <= 2), rel=1e-5)
    with pytest.raises(ValueError, match=r"the same pairs, but their numbers are .*'scores': 3"):
        evaluate_ranking([1, 0], [1, 2, 3], [1, 1])


def test_long_lists_are_taken_in_turn(monkeypatch):
    rng = np.random.default_rng(7)
    queries = rng.integers(0, 9, 100)
    labels, scores = rng.random(100) < 0.1, rng.normal(size=100)
    once = evaluate_ranking(labels, scores, queries)
    monkeypatch.setattr("gnnkit.keras.metrics._by_query._AT_ONCE", 40)
    assert evaluate_ranking(labels, scores, queries) == pytest.approx(once)


def test_without_positives_and_saving():
    for metric in (MeanReciprocalRank(), HitsAtK(2), NDCG(3), HitsAtK(1, list_size=2, name="first")):
        shape = [4, 1] if metric.list_size else [2, 2]
        metric.update_state(np.zeros(shape), np.ones(shape))
        assert float(metric.result()) == 0.0
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
        assert again.get_config() == metric.get_config()


def test_errors():
    with pytest.raises(ValueError, match=r"MeanReciprocalRank: scores must have shape .* but have \[4, 1\].*list_size"):
        MeanReciprocalRank().update_state(np.zeros(4), np.zeros([4, 1]))
    with pytest.raises(ValueError, match=r"HitsAtK: 4 scores cannot be cut into lists of list_size=3"):
        HitsAtK(1, list_size=3).update_state(np.zeros(4), np.zeros([4, 1]))
    with pytest.raises(
        ValueError, match=r"with list_size, scores must have shape \[R\] or \[R, 1\], but have \[2, 2\]"
    ):
        NDCG(list_size=2).update_state(np.zeros([2, 2]), np.zeros([2, 2]))
    with pytest.raises(ValueError, match="list_size must be 2 or more, or None, but is 1"):
        NDCG(list_size=1)
    for make in (HitsAtK, NDCG):
        with pytest.raises(ValueError, match="k must be 1 or more"):
            make(0)
