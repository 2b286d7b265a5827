"""Size constraints found from datasets: what they hold room for, and how many batches fit them."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import SizeConstraints


def graph(num_a, num_b, num_e, num_f, components=1):
    """Edges `e` join `a` with `b`, `f` `b` with itself; `alone` has as many nodes as `b`, and no edges."""

    def edges(source, target, count):
        ends = tf.zeros([count * components], tf.int32)
        return gnnkit.EdgeSet.from_fields(
            sizes=[count] * components, adjacency=gnnkit.Adjacency.from_indices((source, ends), (target, ends))
        )

    counts = {"a": num_a, "alone": num_b, "b": num_b}
    return gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(features={"c": tf.ones([components])}),
        {
            name: gnnkit.NodeSet.from_fields(sizes=[n] * components, features={"x": tf.ones([n * components])})
            for name, n in counts.items()
        },
        {"e": edges("a", "b", num_e), "f": edges("b", "b", num_f)},
    )


def dataset(graphs, **relax):
    spec = graphs[0].spec.relax(**(relax or {"num_nodes": True, "num_edges": True}))
    return tf.data.Dataset.from_generator(lambda: graphs, output_signature=spec)


VARIED = [graph(3, 2, 4, 5), graph(1, 4, 2, 9), graph(6, 1, 1, 1)]
SAME = [graph(3, 2, 4, 5)] * 3


def test_tight():
    """The largest of each set, with a fake component and a fake node where fake edges may end."""
    find = gnnkit.find_tight_size_constraints
    assert find(dataset(VARIED)) == SizeConstraints(2, {"a": 7, "alone": 4, "b": 5}, {"e": 4, "f": 9})
    assert find(dataset(VARIED), target_batch_size=tf.constant(3)) == SizeConstraints(
        4, {"a": 19, "alone": 12, "b": 13}, {"e": 12, "f": 27}
    )
    least = {"a": 1, "alone": 2, "b": 3}
    assert find(dataset(VARIED), min_nodes_per_component=least) == SizeConstraints(
        2, {"a": 7, "alone": 6, "b": 7}, {"e": 4, "f": 9}, least
    )


@pytest.mark.parametrize(
    "relax, want",
    [
        ({"num_nodes": False}, SizeConstraints(2, {"a": 6, "alone": 4, "b": 4}, {"e": 8, "f": 10})),
        ({"num_nodes": True}, SizeConstraints(3, {"a": 6, "alone": 4, "b": 4}, {"e": 8, "f": 10})),
        ({"num_edges": True}, SizeConstraints(3, {"a": 7, "alone": 4, "b": 5}, {"e": 8, "f": 10})),
        ({"num_components": True}, SizeConstraints(3, {"a": 6, "alone": 4, "b": 4}, {"e": 8, "f": 10})),
    ],
)
def test_room_is_made_only_where_sizes_vary(relax, want):
    assert gnnkit.find_tight_size_constraints(dataset(SAME, **relax), target_batch_size=2) == want
    assert gnnkit.learn_fit_or_skip_size_constraints(dataset(SAME, **relax), 2, success_ratio=0.3) == want


def test_several_components_and_batches():
    graphs = [graph(1, 2, 3, 4, components=2), graph(2, 1, 5, 1)]
    varied = dataset(graphs, num_components=True, num_nodes=True, num_edges=True)
    want = SizeConstraints(3, {"a": 3, "alone": 4, "b": 5}, {"e": 6, "f": 8})
    assert gnnkit.find_tight_size_constraints(varied) == want
    batched = gnnkit.find_tight_size_constraints(varied.batch(2))
    assert batched == SizeConstraints(4, {"a": 5, "alone": 5, "b": 6}, {"e": 11, "f": 9})


def test_found_sizes_pad_all_batches():
    constraints = gnnkit.find_tight_size_constraints(dataset(VARIED), target_batch_size=2)
    batches = dataset(VARIED * 4).shuffle(12, seed=1).batch(2).map(lambda g: g.merge_batch_to_components())
    padded = batches.map(lambda g: gnnkit.pad_to_total_sizes(g, constraints)[0])
    assert padded.element_spec.total_num_components == 3
    assert [int(g.node_sets["a"].total_size) for g in padded] == [13] * 6


def test_all_batches_fit_with_ratio_1():
    """Of three graphs, all batches of two are simulated."""
    learnt = gnnkit.learn_fit_or_skip_size_constraints(dataset(VARIED), 2)
    assert learnt == gnnkit.find_tight_size_constraints(dataset(VARIED), target_batch_size=2)


def many(count=2000):
    rng = np.random.default_rng(1)
    return rng.lognormal(2, [0.3, 0.6, 0.6, 0.5, 1.0], [count, 5]).astype(np.int64)


@pytest.fixture(scope="module")
def many_graphs():
    sizes = many()

    def build(row):
        a, alone, b, e, f = tf.unstack(row)

        def nodes(count):
            return gnnkit.NodeSet.from_fields(sizes=count[tf.newaxis])

        def edges(count):
            ends = ("a", tf.zeros([count], tf.int64)), ("b", tf.zeros([count], tf.int64))
            return gnnkit.EdgeSet.from_fields(sizes=count[tf.newaxis], adjacency=gnnkit.Adjacency.from_indices(*ends))

        return gnnkit.GraphTensor.from_pieces(
            node_sets={"a": nodes(a), "alone": nodes(alone), "b": nodes(b)}, edge_sets={"e": edges(e), "f": edges(f)}
        )

    return tf.data.Dataset.from_tensor_slices(sizes).map(build)


@pytest.mark.parametrize("batch_size", [4, 32])
def test_share_of_batches_that_fit(many_graphs, batch_size):
    """Batches that were not simulated fit as often as was asked for, and in sizes a tenth smaller they would not."""
    ratios = [0.5, 0.9, 0.99]
    found = gnnkit.learn_fit_or_skip_size_constraints(many_graphs, batch_size, success_ratio=ratios)
    rng = np.random.default_rng(2)
    totals = many()[rng.integers(2000, size=[20_000, batch_size])].sum(axis=1)
    budgets = []
    for constraints, ratio in zip(found, ratios, strict=True):
        assert constraints.total_num_components == batch_size + 1
        budget = np.array([*constraints.total_num_nodes.values(), *constraints.total_num_edges.values()])
        budget -= [1, 0, 1, 0, 0]
        assert (totals <= budget).all(axis=1).mean() == pytest.approx(ratio, abs=0.015)
        assert (totals <= 0.9 * budget).all(axis=1).mean() < ratio
        budgets.append(budget)
    assert (budgets[0] <= budgets[1]).all() and (budgets[1] <= budgets[2]).all()
    # Where totals vary less, a larger share of them fits: that costs little.
    shares = (totals <= budgets[0]).mean(axis=0)
    assert shares[0] == shares.max() and shares[4] == shares.min()


def test_nested_results(many_graphs):
    learn = gnnkit.learn_fit_or_skip_size_constraints
    options = {"sample_size": 100, "min_nodes_per_component": {"a": 2}}
    single = learn(many_graphs, 4, success_ratio=0.9, **options)
    assert single.min_nodes_per_component == {"a": 2}
    assert learn(many_graphs, [2, 4], success_ratio=0.9, **options)[1] == single
    assert learn(many_graphs, 4, success_ratio=(0.5, 0.9), **options)[1] == single
    nested = learn(many_graphs, (2, 4), success_ratio=[0.5, 0.9], **options)
    assert [len(row) for row in nested] == [2, 2] and nested[1][1] == single


def test_sample_of_an_infinite_dataset():
    """Only the first elements are read."""
    graphs = dataset(VARIED[:1]).concatenate(dataset(VARIED).repeat())
    learnt = gnnkit.learn_fit_or_skip_size_constraints(graphs, 1, sample_size=1)
    assert learnt == SizeConstraints(2, {"a": 4, "alone": 2, "b": 3}, {"e": 4, "f": 5})


def test_errors():
    find, learn = gnnkit.find_tight_size_constraints, gnnkit.learn_fit_or_skip_size_constraints
    graphs = dataset(VARIED)
    with pytest.raises(ValueError, match="reads the whole dataset, but this one is infinite"):
        find(graphs.repeat())
    for fn in (find, lambda ds: learn(ds, 2)):
        with pytest.raises(ValueError, match="the dataset is empty"):
            fn(graphs.take(0))
        with pytest.raises(ValueError, match="needs a dataset of GraphTensors, but its elements are .*int64"):
            fn(tf.data.Dataset.range(3))
    with pytest.raises(ValueError, match="target_batch_size must be at least 1, but got 0"):
        find(graphs, target_batch_size=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, but got 0"):
        learn(graphs, [2, 0])
    for ratio in (-0.1, 1.1):
        with pytest.raises(ValueError, match=f"success_ratio must be between 0 and 1, but got {ratio}"):
            learn(graphs, 2, success_ratio=ratio)
    for name in ("sample_size", "num_thresholds"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, but got 0"):
            learn(graphs, 2, **{name: 0})
