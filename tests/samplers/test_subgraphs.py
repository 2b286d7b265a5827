"""Forms of subgraphs: joint, with several seeds, with connecting edges, with and without parallel edges."""

import concurrent.futures

import numpy as np
import pytest
import tensorflow as tf

from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    NodeSeeds,
    NodeTable,
    RaggedColumn,
    SamplingSpecBuilder,
    compile_plan,
    dataset,
    graph_tensor_spec,
    sample_batch,
)

STRATEGIES = ("RANDOM_UNIFORM", "RANDOM_WEIGHTED", "TOP_K", "LATEST_K")


@pytest.fixture(scope="module")
def store():
    rng = np.random.default_rng(0)
    source, target = rng.integers(40, size=300), rng.integers(40, size=300)
    features = {"row": np.arange(300), "w": rng.random(300), "t": rng.integers(50, size=300)}
    other = {"row": np.arange(80), "w": rng.random(80), "t": rng.random(80)}
    return GraphStore.from_tables(
        GraphTables(
            node_sets={
                "a": NodeTable(num_nodes=40, features={"row": np.arange(40), "day": np.arange(40) + 10}),
                "b": NodeTable(num_nodes=20, features={"row": np.arange(20)}),
            },
            edge_sets={
                "aa": EdgeTable(source_set="a", target_set="a", source=source, target=target, features=features),
                "ab": EdgeTable(
                    source_set="a",
                    target_set="b",
                    source=rng.integers(40, size=80),
                    target=rng.integers(20, size=80),
                    features=other,
                ),
            },
        )
    )


def spec_of(store, strategy="RANDOM_UNIFORM", sizes=(3, 2)):
    seed = SamplingSpecBuilder(store).seed("a")
    return seed.join([seed.sample(list(sizes), "aa", strategy=strategy)]).sample(2, "ab", strategy=strategy).build()


def options_of(strategy):
    return {
        "RANDOM_WEIGHTED": {"weights": {"aa": "w", "ab": "w"}},
        "TOP_K": {"weights": {"aa": "w", "ab": "w"}},
        "LATEST_K": {"times": {"aa": "t", "ab": "t"}},
    }.get(strategy, {})


def edges_of(batch, store, name):
    """Edge rows by the source's row, of all subgraphs; checks that indices and rows agree."""
    table, edges = store.tables.edge_sets[name], batch.edge_sets[name]
    assert (batch.node_sets[table.source_set].rows[edges.source] == table.source[edges.rows]).all()
    assert (batch.node_sets[table.target_set].rows[edges.target] == table.target[edges.rows]).all()
    result = {}
    for row in edges.rows.tolist():
        result.setdefault(int(table.source[row]), []).append(row)
    return {node: sorted(rows) for node, rows in result.items()}


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_subgraphs_do_not_depend_on_threads_batches_or_order(store, strategy, replace):
    if replace and strategy in ("TOP_K", "LATEST_K"):
        pytest.skip("no draws with replacement")
    times = {} if strategy == "LATEST_K" else {"times": {"aa": "t"}}
    plan = compile_plan(store, spec_of(store, strategy), replace=replace, **options_of(strategy) | times)

    def subgraphs(nodes):
        batch = sample_batch(store, plan, NodeSeeds(nodes=nodes, cutoff=nodes + 5), 9)
        splits = [
            np.split(piece.rows, np.cumsum(piece.sizes)[:-1])
            for piece in (*batch.node_sets.values(), *batch.edge_sets.values())
        ]
        return {int(node): [part[b].tolist() for part in splits] for b, node in enumerate(nodes)}

    expected = subgraphs(np.arange(40))
    assert sum(len(graph[-2]) for graph in expected.values()) > 50
    order = np.random.default_rng(1).permutation(40)
    for threads in (1, 2, 8):
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            parts = pool.map(subgraphs, np.array_split(order, 2 * threads + 1))
            assert {node: graph for part in parts for node, graph in part.items()} == expected


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_joint_graph_stores_nodes_once_and_draws_for_each_alike(store, strategy):
    plan = compile_plan(store, spec_of(store, strategy), joint=True, **options_of(strategy))
    seeds = np.array([3, 17, 3, 8])
    batch = sample_batch(store, plan, seeds, 5)
    for name, nodes in batch.node_sets.items():
        assert nodes.sizes.tolist() == [len(nodes.rows)] and len(set(nodes.rows.tolist())) == len(nodes.rows), name
    assert batch.roots[0].tolist() == [0, 1, 0, 2] and batch.node_sets["a"].rows[:3].tolist() == [3, 17, 8]
    # What an operation draws for a node is the same in every batch; only what is reached differs.
    whole = sample_batch(store, plan, np.arange(40), 5)
    backwards = sample_batch(store, plan, np.arange(40)[::-1], 5)
    for name in ("aa", "ab"):
        everything = edges_of(whole, store, name)
        assert edges_of(backwards, store, name) == everything
        for node, rows in edges_of(batch, store, name).items():
            assert set(rows) <= set(everything[node])
    assert edges_of(sample_batch(store, plan, seeds, 5), store, "aa") == edges_of(batch, store, "aa")
    if strategy in ("RANDOM_UNIFORM", "RANDOM_WEIGHTED"):
        assert edges_of(sample_batch(store, plan, seeds, 6), store, "aa") != edges_of(batch, store, "aa")


def test_joint_draws_are_the_union_of_those_of_batches(store):
    spec = SamplingSpecBuilder(store).seed("a").sample(3, "aa").build()
    plan = compile_plan(store, spec, joint=True)
    whole = edges_of(sample_batch(store, plan, np.arange(40)), store, "aa")
    parts = [edges_of(sample_batch(store, plan, part), store, "aa") for part in np.array_split(np.arange(40), 7)]
    assert {node: rows for part in parts for node, rows in part.items()} == whole


def test_joint_datasets(store):
    options = {"joint": True, "batch_size": 16, "readout_features": ["row"], "features": {"aa": ["row"], "a": ["day"]}}
    data = dataset(store, spec_of(store), np.arange(40), **options)
    assert data.element_spec == graph_tensor_spec(store, spec_of(store), **options)
    graphs = list(data)
    assert [int(graph.num_components) for graph in graphs] == [1, 1, 1]
    assert [graph.node_sets["_readout"]["row"].numpy().tolist() for graph in graphs] == [
        list(range(16)), list(range(16, 32)), list(range(32, 40))
    ]  # fmt: skip
    for graph in graphs:
        assert data.element_spec.is_compatible_with(graph)
        roots = graph.edge_sets["_readout/seed"].adjacency.source
        days = tf.gather(graph.node_sets["a"]["day"], roots).numpy()
        assert days.tolist() == (graph.node_sets["_readout"]["row"].numpy() + 10).tolist()
    for threads in (2, 8):
        again = list(dataset(store, spec_of(store), np.arange(40), num_threads=threads, **options))
        for graph, other in zip(graphs, again, strict=True):
            assert graph.edge_sets["aa"]["row"].numpy().tolist() == other.edge_sets["aa"]["row"].numpy().tolist()
    separate = dataset(store, spec_of(store), np.arange(40), **options | {"joint": False})
    sizes = [sum(int(graph.node_sets["a"].total_size) for graph in data) for data in (graphs, separate)]
    assert sizes[0] < sizes[1]  # What it is for.


@pytest.mark.parametrize("joint", [False, True])
def test_several_seeds(store, joint):
    nodes = RaggedColumn(values=np.array([5, 9, 5, 7, 1, 9]), row_splits=np.array([0, 2, 3, 6]))
    seeds = NodeSeeds(nodes=nodes, features={"label": np.arange(6)})
    options = {"batch_size": 3, "joint": joint, "features": {"a": ["row"]}}
    data = dataset(store, spec_of(store), seeds, **options)
    assert data.element_spec == graph_tensor_spec(store, spec_of(store), seeds, **options)
    [graph] = data
    readout = graph.node_sets["_readout"]
    assert readout["label"].numpy().tolist() == list(range(6))
    assert readout.sizes.numpy().tolist() == ([6] if joint else [2, 1, 3])
    roots = graph.edge_sets["_readout/seed"].adjacency.source
    assert tf.gather(graph.node_sets["a"]["row"], roots).numpy().tolist() == nodes.values.tolist()
    if not joint:
        starts = np.cumsum([0, *graph.node_sets["a"].sizes.numpy()])
        assert roots.numpy().tolist() == [0, 1, starts[1], *(starts[2] + np.arange(3))]
        alone = dataset(store, spec_of(store), NodeSeeds(nodes=nodes.take([1])), **options)
        [alone] = alone
        assert (
            alone.node_sets["a"]["row"].numpy().tolist()
            == graph.node_sets["a"]["row"][starts[1] : starts[2]].numpy().tolist()
        )


@pytest.mark.parametrize("parallel_edges", [False, True])
@pytest.mark.parametrize("joint", [False, True])
def test_connecting_edges_are_all_edges_between_sampled_nodes(store, joint, parallel_edges):
    plan = compile_plan(
        store, spec_of(store), joint=joint, connect=["aa", "ab"], parallel_edges=parallel_edges, times={"aa": "t"}
    )
    cutoff = None if joint else np.full(10, 30)
    batch = sample_batch(store, plan, NodeSeeds(nodes=np.arange(10), cutoff=cutoff))
    starts = {name: np.cumsum([0, *nodes.sizes]) for name, nodes in batch.node_sets.items()}
    for name in ("aa", "ab"):
        table, edges = store.tables.edge_sets[name], batch.edge_sets[name]
        ends = np.cumsum([0, *edges.sizes])
        for b in range(1 if joint else 10):
            inside = [
                np.isin(index, batch.node_sets[kind].rows[starts[kind][b] : starts[kind][b + 1]])
                for kind, index in ((table.source_set, table.source), (table.target_set, table.target))
            ]
            allowed = inside[0] & inside[1]
            if name == "aa" and not joint:
                allowed &= table.features["t"] <= 30
            rows = edges.rows[ends[b] : ends[b + 1]]
            assert len(set(rows.tolist())) == len(rows)
            expected = np.flatnonzero(allowed)
            if parallel_edges:
                assert sorted(rows.tolist()) == expected.tolist()
            else:
                found, all_ = (
                    [(int(table.source[i]), int(table.target[i])) for i in part] for part in (rows, expected)
                )
                assert sorted(found) == sorted(set(all_))


def test_parallel_edges_and_replacement():
    """Two nodes, five edges between them."""
    table = EdgeTable(source_set="n", target_set="n", source=np.zeros(5, np.int64), target=np.ones(5, np.int64))
    pair = GraphStore.from_tables(GraphTables(node_sets={"n": NodeTable(num_nodes=2)}, edge_sets={"e": table}))
    seed = SamplingSpecBuilder(pair).seed()
    spec = seed.join([seed.sample(3, op_name="a")]).sample(3, op_name="b").build()

    def rows(seed=0, **options):
        return sample_batch(pair, compile_plan(pair, spec, **options), [0], seed).edge_sets["e"].rows.tolist()

    assert len(set(rows())) == len(rows()) >= 3  # Drawn by two operations, stored once.
    assert len(rows(parallel_edges=False)) == 1
    assert len(rows(replace=True)) == 6 and len(set(rows(replace=True))) < 6
    mixed = [rows(replace=["a"], seed=seed) for seed in range(20)]
    assert any(len(found) > len(set(found)) for found in mixed)
    assert len(rows(replace=True, parallel_edges=False)) == 1
    assert sorted(set(rows(replace=True, connect=["e"]))) == [0, 1, 2, 3, 4]


def test_cutoffs_in_datasets(store):
    """A cut-off for each seed, from a feature of the seed."""
    seeds = NodeSeeds(nodes=np.arange(40), cutoff="day")
    data = dataset(
        store, spec_of(store, "LATEST_K"), seeds, batch_size=8, times={"aa": "t", "ab": "t"},
        features={"aa": ["t"], "ab": ["t"], "a": ["day"]},
    )  # fmt: skip
    latest = []
    for graph in data:
        for name in ("aa", "ab"):
            component = np.repeat(np.arange(8), graph.edge_sets[name].sizes)
            roots = np.cumsum(graph.node_sets["a"].sizes) - graph.node_sets["a"].sizes
            late = graph.node_sets["a"]["day"].numpy()[roots][component]
            assert (graph.edge_sets[name]["t"].numpy() <= late).all()
            latest += (graph.edge_sets[name]["t"].numpy() == late).tolist()
    assert any(latest)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda s: compile_plan(s, spec_of(s, sizes=(1,)), connect="ab"), "connect='ab': expected a list"),
        (
            lambda s: compile_plan(s, SamplingSpecBuilder(s).seed("a").sample(1, "aa").build(), connect=["ab"]),
            "edge set 'ab' has an end in node set 'b', which no operation reaches; reached are .'a'.",
        ),
        (
            lambda s: dataset(s, compile_plan(s, spec_of(s)), joint=True),
            r"\['joint'\] are part of the plan that is given: pass them to compile_plan",
        ),
        (
            lambda s: sample_batch(
                s,
                compile_plan(s, spec_of(s)),
                NodeSeeds(nodes=RaggedColumn(values=np.array([1]), row_splits=np.array([0, 1, 1]))),
            ),
            "Subgraph 1 has no seed",
        ),
        (
            lambda s: dataset(s, spec_of(s), NodeSeeds(nodes=[1], features={"row": np.zeros(1)}), readout_features=["row"]),
            "'row' is a feature of the seeds as well",
        ),
        (
            lambda s: dataset(s, spec_of(s), NodeSeeds(nodes=[1], features={"l": np.zeros(2)})),
            "2 rows, but there are 1 seeds",
        ),
        (lambda s: compile_plan(s, spec_of(s), link="aa"), "link='aa' needs a spec with symmetric_link_seed_op, not"),
    ],
)  # fmt: skip
def test_errors(store, call, message):
    with pytest.raises(ValueError, match=message):
        call(store)


@pytest.mark.parametrize("parallel_edges", [False, True])
def test_connecting_edges_of_hubs_are_looked_up(parallel_edges):
    """The subgraph of node 1: itself and the hub 0, which has 20,000 edges, some of them parallel."""
    source = np.concatenate([np.zeros(20_000, np.int64), [1, 2, 2]])
    target = np.concatenate([np.arange(20_000) % 5000, [0, 0, 1]])
    for ids in (None, np.array([b"%d" % i for i in range(5000)], object)):
        nodes = NodeTable(num_nodes=5000, ids=ids)
        table = EdgeTable(source_set="n", target_set="n", source=source, target=target)
        hub = GraphStore.from_tables(GraphTables(node_sets={"n": nodes}, edge_sets={"e": table}))
        spec = SamplingSpecBuilder(hub).seed().sample(2, "e").build()
        batch = sample_batch(hub, compile_plan(hub, spec, connect=["e"], parallel_edges=parallel_edges), [1, 2])
        edges, members = batch.edge_sets["e"], batch.node_sets["n"].rows.tolist()
        assert members == [1, 0, 2, 0, 1] or members == [1, 0, 2, 1, 0]
        of_hub = edges.rows[: edges.sizes[0]][1:]  # After the one that was sampled.
        canonical = hub.rows[:20_000][np.isin(hub.targets[:20_000], [0, 1])].tolist()
        assert of_hub.tolist() == (canonical if parallel_edges else canonical[::4])
