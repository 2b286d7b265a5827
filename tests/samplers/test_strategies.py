"""All strategies: right probabilities, right edges, and nothing that the seed does not decide.

Graphs are stars: node 0 has edges to nodes 0, 1, ..., and each repetition of seed 0 draws afresh.
"""

import itertools

import numpy as np
import pytest

from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    NodeSeeds,
    NodeTable,
    SamplingSpecBuilder,
    compile_plan,
    sample_batch,
)
from gnnkit.samplers._tree import build_trees, draw_tree, room_for_changes

ROUNDS = 20_000


def star(degree, **features):
    table = EdgeTable(
        source_set="n",
        target_set="n",
        source=np.zeros(degree, np.int64),
        target=np.arange(degree),
        features={name: np.asarray(values) for name, values in features.items()},
    )
    return GraphStore.from_tables(GraphTables(node_sets={"n": NodeTable(num_nodes=degree)}, edge_sets={"e": table}))


def draws(store, strategy, size, *, rounds=ROUNDS, seed=0, cutoff=None, **options):
    """The rows drawn in each round, as a list of arrays."""
    spec = SamplingSpecBuilder(store).seed().sample(size, strategy=strategy).build()
    plan = compile_plan(store, spec, **options)
    cutoffs = None if cutoff is None else np.full(rounds, cutoff)
    seeds = NodeSeeds(nodes=np.zeros(rounds, np.int64), cutoff=cutoffs)
    edges = sample_batch(store, plan, seeds, seed, repetition=np.arange(rounds)).edge_sets["e"]
    return np.split(edges.rows, np.cumsum(edges.sizes)[:-1])


def assert_chi_square(counts, expected):
    """Counts of a multinomial draw; expected: their means."""
    counts, expected = np.asarray(counts, float), np.asarray(expected, float)
    assert (counts[expected == 0] == 0).all()
    counts, expected = counts[expected > 0], expected[expected > 0]
    freedom = len(counts) - 1
    assert ((counts - expected) ** 2 / expected).sum() < freedom + 4 * np.sqrt(2 * freedom) + 1e-9


def subset_probabilities(weights, size):
    """Subset -> its probability if its members are drawn one after another by weight."""
    result = {}
    for sequence in itertools.permutations(np.flatnonzero(weights), min(size, int(np.count_nonzero(weights)))):
        probability, left = 1.0, float(np.sum(weights))
        for item in sequence:
            probability *= weights[item] / left
            left -= weights[item]
        key = tuple(sorted(map(int, sequence)))
        result[key] = result.get(key, 0.0) + probability
    return result


def assert_subsets(drawn, probabilities):
    counts = dict.fromkeys(probabilities, 0)
    for rows in drawn:
        counts[tuple(sorted(rows.tolist()))] += 1  # KeyError: a subset that cannot be.
    assert_chi_square(list(counts.values()), [len(drawn) * p for p in probabilities.values()])


@pytest.mark.slow
@pytest.mark.parametrize("degree", [2, 3, 6])  # Below, at and above the sample size.
def test_weighted_subsets_have_the_probabilities_of_sequential_draws(degree):
    weights = np.array([1.0, 5.0, 0.0, 2.5, 0.1, 4.0])[:degree]
    drawn = draws(star(degree, w=weights), "RANDOM_WEIGHTED", 3, weights={"e": "w"})
    assert_subsets(drawn, subset_probabilities(weights, 3))


@pytest.mark.parametrize("skew", [0.5, 6.0])
def test_weighted_inclusion_of_two_of_many(skew):
    weights = np.random.default_rng(3).random(300) ** skew
    total = weights.sum()
    first = weights / total
    second = weights / total * ((weights / (total - weights)).sum() - weights / (total - weights))
    drawn = draws(star(300, w=weights), "RANDOM_WEIGHTED", 2, weights={"e": "w"})
    assert all(len(set(rows.tolist())) == 2 for rows in drawn)
    counts = np.bincount(np.concatenate(drawn), minlength=300)
    p = first + second
    # Each edge by itself is binomial; their sum of squares is close to its mean of 300 - sum(p).
    chi2 = ((counts - ROUNDS * p) ** 2 / (ROUNDS * p)).sum()
    assert abs(chi2 - (300 - 2)) < 5 * np.sqrt(2 * 298)


@pytest.mark.parametrize("degree", [1, 3, 40])
def test_uniform_with_replacement(degree):
    drawn = draws(star(degree), "RANDOM_UNIFORM", 3, replace=True)
    assert {len(rows) for rows in drawn} == {3}
    assert_chi_square(np.bincount(np.concatenate(drawn), minlength=degree), np.full(degree, 3 * ROUNDS / degree))
    if degree == 3:  # Draws do not know of each other.
        sequences = np.bincount(np.array(drawn) @ [9, 3, 1], minlength=27)
        assert_chi_square(sequences, np.full(27, ROUNDS / 27))


@pytest.mark.parametrize("degree", [2, 4, 50])
def test_weighted_with_replacement(degree):
    weights = np.random.default_rng(1).random(degree) ** 2
    weights[1] = 0
    drawn = draws(star(degree, w=weights), "RANDOM_WEIGHTED", 4, weights={"e": "w"}, replace=["e"])
    assert {len(rows) for rows in drawn} == {4}
    counts = np.bincount(np.concatenate(drawn), minlength=degree)
    assert_chi_square(counts, 4 * ROUNDS * weights / weights.sum())


@pytest.mark.parametrize("allowed", [2, 3, 8, 30])
def test_uniform_up_to_a_cutoff(allowed):
    times = np.random.default_rng(2).permutation(30)
    drawn = draws(star(30, t=times), "RANDOM_UNIFORM", 3, times={"e": "t"}, cutoff=allowed - 1)
    assert {len(rows) for rows in drawn} == {min(3, allowed)}
    counts = np.bincount(np.concatenate(drawn), minlength=30)
    assert (counts[times >= allowed] == 0).all()
    p = min(1, 3 / allowed)
    if p < 1:
        chi2 = ((counts[times < allowed] - ROUNDS * p) ** 2 / (ROUNDS * p * (1 - p))).sum() * (allowed - 1) / allowed
        assert chi2 < allowed - 1 + 4 * np.sqrt(2 * (allowed - 1))


@pytest.mark.parametrize("allowed", [1, 3, 5, 6])
def test_weighted_up_to_a_cutoff(allowed):
    rng = np.random.default_rng(5)
    times, weights = rng.permutation(7) + 0.5, rng.random(7) + 0.1
    store = star(7, t=times, w=weights)
    drawn = draws(store, "RANDOM_WEIGHTED", 3, weights={"e": "w"}, times={"e": "t"}, cutoff=float(allowed))
    assert_subsets(drawn, subset_probabilities(np.where(times <= allowed, weights, 0), 3))


@pytest.mark.parametrize("kind", [np.int64, np.float32])
@pytest.mark.parametrize("size", [1, 4, 50])
def test_top_k_and_latest_k_take_the_largest(kind, size):
    rng = np.random.default_rng(size)
    values = rng.integers(-6, 6, 40).astype(kind)  # Ties, and negative numbers.
    store = star(40, v=values)
    best = np.lexsort((np.arange(40), -values))  # Ties in canonical order, which is here that of rows.
    for strategy, options in (("TOP_K", {"weights": {"e": "v"}}), ("LATEST_K", {"times": {"e": "v"}})):
        [rows] = draws(store, strategy, size, rounds=1, **options)
        assert rows.tolist() == best[:size].tolist()
    for cutoff in (-7, -2, 0, 3, 5, 5.5, 100):
        [rows] = draws(store, "LATEST_K", size, rounds=1, times={"e": "v"}, cutoff=cutoff)
        assert rows.tolist() == [row for row in best if values[row] <= cutoff][:size]


def test_no_edge_is_later_than_the_cutoff_and_those_of_that_very_time_are_seen():
    times = np.array([2000, 2001, 2002, 2002, 2003])
    store = star(5, t=times, w=np.array([1.0, 1, 1, 1, 1e12]))
    for strategy in ("RANDOM_UNIFORM", "RANDOM_WEIGHTED", "TOP_K", "LATEST_K"):
        options = {"weights": {"e": "w"}} if strategy in ("RANDOM_WEIGHTED", "TOP_K") else {}
        drawn = draws(store, strategy, 5, rounds=50, times={"e": "t"}, cutoff=2002, **options)
        assert {tuple(sorted(rows.tolist())) for rows in drawn} == {(0, 1, 2, 3)}
        assert len(np.concatenate(draws(store, strategy, 5, rounds=5, times={"e": "t"}, cutoff=1999, **options))) == 0


def test_top_k_up_to_a_cutoff():
    rng = np.random.default_rng(0)
    times, weights = rng.permutation(100), rng.integers(-20, 20, 100)
    store = star(100, t=times, w=weights)
    for cutoff in range(-1, 100, 7):
        [rows] = draws(store, "TOP_K", 10, rounds=1, weights={"e": "w"}, times={"e": "t"}, cutoff=cutoff)
        best = [row for row in np.lexsort((-times, -weights)) if times[row] <= cutoff]
        assert rows.tolist() == best[:10]


def test_whole_numbers_above_2_to_the_53_are_told_apart():
    times = 2**60 + np.arange(4)
    [rows] = draws(star(4, t=times), "LATEST_K", 9, rounds=1, times={"e": "t"}, cutoff=2**60 + 2)
    assert rows.tolist() == [2, 1, 0]


def plain_tree_draw(key, weights, limit, size, maximum, replace, left_out=()):
    """The definition of `draw_tree`, by recursion over lists."""
    from gnnkit.samplers._draw import unit

    leaves, out, number = list(weights[:limit]), [], 0
    nothing = -np.inf if maximum else 0.0

    def total(lo, size):
        if size == 1:
            return leaves[lo]
        a = total(lo, size // 2)
        if lo + size // 2 >= limit:
            return a
        b = total(lo + size // 2, size // 2)
        return max(a, b) if maximum else a + b

    root = 1
    while root < limit:
        root *= 2
    while len(out) < size and limit and total(0, root) > nothing:
        point = float(unit(np.uint64(key), number)) * total(0, root)
        number += 1
        lo, half = 0, root
        while half > 1:
            half //= 2
            if lo + half >= limit:
                continue
            a, b = total(lo, half), total(lo + half, half)
            if b >= a if maximum else a <= 0 or (b > 0 and point >= a):
                point -= a
                lo += half
        if lo not in left_out:
            out.append(lo)
        if lo in left_out or not replace:
            leaves[lo] = nothing
    return out


@pytest.mark.parametrize("degree", [1, 2, 7, 8, 33])
@pytest.mark.parametrize("maximum, replace", [(False, False), (False, True), (True, False)])
def test_tree_draws_follow_the_definition(degree, maximum, replace):
    rng = np.random.default_rng(degree)
    weights = np.where(rng.random(degree) < 0.2, 0.0, 10.0 ** rng.integers(-12, 12, degree))
    offset = 5  # Of this node's edges among all.
    flat, tree = np.concatenate([np.zeros(offset), weights]), np.zeros(offset + degree)
    build_trees(np.array([0, offset, offset + degree]), flat, tree, maximum)
    room = room_for_changes(12, degree)
    changes, changed, out = np.zeros((3, room), np.int64), np.empty(room), np.empty(12, np.int64)
    barred = np.zeros((3, 64), np.int64)
    stamp = 0
    for limit in {0, 1, degree // 2, degree - 1, degree}:
        for key in range(20):
            stamp += 1
            count = draw_tree(
                np.uint64(key), limit, degree, 9, maximum, replace, flat, tree, offset, np.empty(0, np.int32),
                np.int64(-1), barred, 1, 0, 0, changes, changed, stamp, out,
            )  # fmt: skip
            assert out[:count].tolist() == plain_tree_draw(key, weights, limit, 9, maximum, replace)


def test_weights_of_any_magnitude_stay_exact():
    """Sums lose small weights beside a large one; once that is drawn they count again."""
    weights = np.array([1e300, 1.0, 2.0, 1e-300])
    drawn = draws(star(4, w=weights), "RANDOM_WEIGHTED", 2, weights={"e": "w"})
    seconds = np.bincount([rows[1] for rows in drawn], minlength=4)
    assert {rows[0] for rows in drawn} == {0}
    assert_chi_square(seconds, ROUNDS * np.array([0, 1 / 3, 2 / 3, 0]))


def test_a_hub_costs_no_more_than_its_logarithm():
    weights = np.random.default_rng(0).random(200_000)
    store = star(200_000, w=weights)
    drawn = draws(store, "RANDOM_WEIGHTED", 10, rounds=2000, weights={"e": "w"})  # O(E) a draw would take minutes.
    assert {len(set(rows.tolist())) for rows in drawn} == {10}


def test_features_come_from_the_schema_too():
    from google.protobuf import text_format

    from gnnkit.schemas import GraphSchema

    store = star(3, w=np.array([1, 3, 2]), t=np.array([5, 4, 6]))
    text = """node_sets { key: "n" value {} } edge_sets { key: "e" value { source: "n" target: "n" metadata {
      extra { key: "sampling_weight" value: "w" } extra { key: "sampling_time" value: "t" } } } }"""
    tables = store.tables.replace(schema=text_format.Parse(text, GraphSchema()))
    store = GraphStore.from_tables(tables)
    assert draws(store, "TOP_K", 2, rounds=1)[0].tolist() == [1, 2]
    assert draws(store, "LATEST_K", 2, rounds=1)[0].tolist() == [2, 0]
    assert draws(store, "TOP_K", 2, rounds=1, weights={"n->n": "t"})[0].tolist() == [2, 0]  # The operation's own.


def test_orders_are_made_once_for_a_store():
    store = star(50, w=np.arange(50.0), t=np.arange(50), u=np.arange(50.0))
    seed = SamplingSpecBuilder(store).seed()
    spec = seed.sample(2, strategy="TOP_K", op_name="a").sample(2, strategy="LATEST_K", op_name="b").build()
    options = {"weights": {"a": "w"}, "times": {"b": "t"}}
    first, second = compile_plan(store, spec, **options), compile_plan(store, spec, **options)
    assert first.arrays[6] is second.arrays[6] and len(first.arrays[6]) == 100


def both(store, strategies, **options):
    step = SamplingSpecBuilder(store).seed()
    for number, strategy in enumerate(strategies):
        step = step.sample(2, strategy=strategy, op_name=f"op{number}")
    return compile_plan(store, step.build(), **options)


@pytest.mark.parametrize(
    "strategies, options, message",
    [
        (["TOP_K"], {}, r"'op0' has strategy TOP_K, which needs a weight: weights={'e': FEATURE}. .*'nan', 't', 'w'"),
        (["RANDOM_WEIGHTED"], {}, "'op0' has strategy RANDOM_WEIGHTED, which needs a weight"),
        (["LATEST_K"], {"weights": {"e": "w"}}, "'op0' has strategy LATEST_K, which needs a time"),
        (["TOP_K"], {"weights": {"e": "v"}}, r"weights\['e'\]: feature 'v' of edge set 'e' does not exist; .*'t', 'w'"),
        (["TOP_K"], {"weights": {"e": "s"}}, "feature 's' .*must be one number for each edge; it is text of shape"),
        (
            ["TOP_K"],
            {"weights": {"e": "m"}},
            r"'m' .*must be one number for each edge; it is float64 of shape \[3, 2\]",
        ),
        (["TOP_K"], {"weights": {"e": "nan"}}, "feature 'nan' of edge set 'e' is nan in row 1. Replace it"),
        (["RANDOM_WEIGHTED"], {"weights": {"e": "low"}}, "'low' of edge set 'e' is -1.0 in row 2. Weights must be 0"),
        (["RANDOM_WEIGHTED"], {"weights": {"e": "huge"}}, "adds up to more than a float64 holds"),
        (["RANDOM_UNIFORM"], {"weights": {"e": "w"}}, "weights: 'e' draws by no weight. .*RANDOM_WEIGHTED or TOP_K"),
        (["RANDOM_UNIFORM"], {"times": {"E": "t"}}, "times: 'E' is neither an operation .*There are 'e', 'op0'."),
        (["TOP_K"], {"weights": {"op1": "w", "e": "w"}}, "weights: 'op1' is neither .* Did you mean 'op0'"),
        (["TOP_K"], {"weights": {"e": "w"}, "replace": ["op0"]}, "TOP_K, which has no draws with replacement"),
        (["RANDOM_UNIFORM"], {"replace": "op0"}, "replace='op0': expected True, False, or a list"),
        (["RANDOM_UNIFORM"], {"connect": ["f"]}, "connect: There is no edge set 'f'"),
    ],
)
def test_b18_strategies_are_never_ignored(strategies, options, message):
    texts = np.array([b"a", b"b", b"c"], object)
    store = star(
        3, w=[1.0, 2.0, 3.0], t=[1, 2, 3], s=texts, m=np.zeros((3, 2)), nan=[1.0, np.nan, 2.0], low=[1.0, 2.0, -1.0],
        huge=[1e308, 1e308, 1e308],
    )  # fmt: skip
    with pytest.raises(ValueError, match=message):
        both(store, strategies, **options)


def test_cutoff_errors():
    store = star(3, t=[1, 2, 3])
    timed = both(store, ["RANDOM_UNIFORM"], times={"e": "t"})
    with pytest.raises(ValueError, match="Cut-off times are given, but no edge set has a time"):
        sample_batch(store, both(store, ["RANDOM_UNIFORM"]), NodeSeeds(nodes=[0], cutoff=np.array([1])))
    with pytest.raises(ValueError, match="must be one number for each of 1 subgraphs; got int64 of shape"):
        sample_batch(store, timed, NodeSeeds(nodes=[0], cutoff=np.array([1, 2])))
    with pytest.raises(ValueError, match="The cut-off time of subgraph 0 is nan"):
        sample_batch(store, timed, NodeSeeds(nodes=[0], cutoff=np.array([np.nan])))
    with pytest.raises(ValueError, match="cutoff='year': node set 'n' has no features"):
        sample_batch(store, timed, NodeSeeds(nodes=[0], cutoff="year"))
    joint = both(store, ["RANDOM_UNIFORM"], times={"e": "t"}, joint=True)
    with pytest.raises(ValueError, match="Cut-off times need a graph for each seed"):
        sample_batch(store, joint, NodeSeeds(nodes=[0], cutoff=np.array([1])))
