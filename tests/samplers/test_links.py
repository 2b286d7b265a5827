"""Links as seeds: no negative is an edge, and no subgraph holds the link that is to be predicted."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    LinkSeeds,
    Negatives,
    NodeTable,
    compile_plan,
    dataset,
    graph_tensor_spec,
    sample_batch,
    sample_negatives,
)
from gnnkit.schemas import GraphSchema, SamplingSpec, SamplingStrategy

STRATEGIES = ("RANDOM_UNIFORM", "RANDOM_WEIGHTED", "TOP_K", "LATEST_K")


def ids(letter, count):
    result = np.empty(count, object)
    result[:] = [b"%s%d" % (letter, i) for i in range(count)]
    return result


def edges(rng, source, target, count, sizes):
    return EdgeTable(
        source_set=source,
        target_set=target,
        source=rng.integers(sizes[source], size=count),
        target=rng.integers(sizes[target], size=count),
        features={"row": np.arange(count), "w": rng.random(count) + 0.1, "t": rng.integers(100, size=count)},
    )


def reverse(table):
    return dataclasses.replace(
        table, source_set=table.target_set, target_set=table.source_set, source=table.target, target=table.source
    )


def make_store(seed=0):
    rng = np.random.default_rng(seed)
    sizes = {"user": 25, "item": 15}
    buys = edges(rng, "user", "item", 120, sizes)  # Dense, with parallel edges.
    order = rng.permutation(120)  # Reversed, but in another order: only the schema tells.
    shuffled = dataclasses.replace(
        buys, source=buys.source[order], target=buys.target[order], features={"w": buys.features["w"][order]}
    )
    schema = """
      node_sets { key: "user" value {} } node_sets { key: "item" value {} }
      edge_sets { key: "buys" value { source: "user" target: "item" metadata { filename: "buys.csv" } } }
      edge_sets { key: "bought" value { source: "item" target: "user" metadata { filename: "buys.csv"
        extra { key: "edge_type" value: "reversed" } } } }
      edge_sets { key: "back" value { source: "item" target: "user" } }
      edge_sets { key: "knows" value { source: "user" target: "user" } }"""
    tables = GraphTables(
        node_sets={
            "user": NodeTable(num_nodes=25, ids=ids(b"u", 25), features={"x": np.arange(25)}),
            "item": NodeTable(num_nodes=15, ids=ids(b"i", 15), features={"x": np.arange(15)}),
        },
        edge_sets={
            "buys": buys,
            "back": reverse(buys),
            "bought": reverse(shuffled),
            "knows": edges(rng, "user", "user", 150, sizes),
        },
        schema=text_format.Parse(schema, GraphSchema()),
    )
    return GraphStore.from_tables(tables)


@pytest.fixture(scope="module")
def store():
    return make_store()


def spec_of(*ops):
    """ops: (name, inputs, edge set, size[, strategy])."""
    spec = SamplingSpec()
    spec.symmetric_link_seed_op.op_name = "SEED"
    for name, inputs, edge_set, size, *strategy in ops:
        spec.sampling_ops.add(
            op_name=name,
            input_op_names=inputs.split(),
            edge_set_name=edge_set,
            sample_size=size,
            strategy=SamplingStrategy.Value((strategy or ["RANDOM_UNIFORM"])[0]),
        )
    return spec


def bipartite(strategy="RANDOM_UNIFORM", size=30):
    return spec_of(
        ("items", "SEED", "buys", size, strategy),
        ("users", "SEED items", "back", size),
        ("more", "users", "buys", size, strategy),
        ("others", "items", "bought", size),
    )


def pairs(batch, store, name, b=None):
    """(source row, target row) of the sampled edges, of all subgraphs or of one."""
    sampled, table = batch.edge_sets[name], store.tables.edge_sets[name]
    part = slice(None)
    if b is not None:
        ends = np.cumsum(sampled.sizes)
        part = slice(ends[b] - sampled.sizes[b], ends[b])
    rows = sampled.rows[part]
    return set(zip(table.source[rows].tolist(), table.target[rows].tolist(), strict=True))


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_subgraph_never_holds_its_link_nor_its_reverse(store, strategy, joint):
    weights = {"buys": "w"} if strategy in ("TOP_K", "RANDOM_WEIGHTED") else {}
    times = {"buys": "t"} if strategy == "LATEST_K" else {}
    links = LinkSeeds.from_edge_set(store, "buys", np.arange(20))
    for size in (2, 30):
        spec = bipartite(strategy, size)
        plan = compile_plan(
            store, spec, link="buys", weights=weights, times=times, joint=joint, connect=["buys", "bought"]
        )
        batch = sample_batch(store, plan, links, 3)
        for b, (user, item) in enumerate(zip(links.source.tolist(), links.target.tolist(), strict=True)):
            which = None if joint else b
            assert (user, item) not in pairs(batch, store, "buys", which)
            assert (item, user) not in pairs(batch, store, "back", which)  # Found by its rows.
            assert (item, user) not in pairs(batch, store, "bought", which)  # Found by the schema.
    assert sum(batch.edge_sets["buys"].sizes) > 100 or joint


def test_all_other_edges_are_there_and_draws_are_not_cut_short(store):
    table = store.tables.edge_sets["buys"]
    links = LinkSeeds.from_edge_set(store, "buys")
    for size in (1, 2, 30):
        plan = compile_plan(store, spec_of(("items", "SEED", "buys", size)), link="buys")
        batch = sample_batch(store, plan, links)
        for b in range(120):
            user, item = table.source[b], table.target[b]
            others = np.count_nonzero((table.source == user) & (table.target != item))
            assert batch.edge_sets["buys"].sizes[b] == min(others, size)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("size", [2, 5, 9])
def test_edges_beside_the_link_are_drawn_with_equal_chances(size, timed, replace):
    """Node 0 has 8 edges, of which 3 are the link: 5 remain, at and below, or above the sample size."""
    rounds = 8000
    targets = np.array([0, 1, 2, 2, 2, 3, 4, 5])
    table = EdgeTable(
        source_set="n", target_set="n", source=np.zeros(8, np.int64), target=targets,
        features={"t": np.array([3, 1, 4, 1, 5, 9, 2, 6])},
    )  # fmt: skip
    star = GraphStore.from_tables(GraphTables(node_sets={"n": NodeTable(num_nodes=6)}, edge_sets={"e": table}))
    plan = compile_plan(
        star, spec_of(("a", "SEED", "e", size)), times={"e": "t"} if timed else {}, replace=["a"] if replace else []
    )
    links = LinkSeeds(source=np.zeros(rounds, int), target=np.full(rounds, 2), edge_set="e")
    batch = sample_batch(star, plan, links, repetition=np.arange(rounds))
    counts = np.bincount(batch.edge_sets["e"].rows, minlength=8)
    drawn = size if replace else min(size, 5)
    assert set(batch.edge_sets["e"].sizes.tolist()) == {drawn}
    assert (counts[2:5] == 0).all()
    p = drawn / 5
    variance = rounds * (p if replace else p * (1 - p))
    chi2 = ((counts[[0, 1, 5, 6, 7]] - rounds * p) ** 2).sum() / max(variance, 1e-9) * (1 if replace else 4 / 5)
    assert chi2 < 4 + 4 * np.sqrt(8)


def test_symmetric_links_hide_both_ways(store):
    spec = spec_of(("a", "SEED", "knows", 99), ("b", "a", "knows", 99))
    links = LinkSeeds.from_edge_set(store, "knows", np.arange(30))
    batch = sample_batch(store, compile_plan(store, spec), links)
    one_way = sample_batch(store, compile_plan(store, spec), dataclasses.replace(links, undirected=False))
    kept = 0
    for b, (user, other) in enumerate(zip(links.source.tolist(), links.target.tolist(), strict=True)):
        assert not {(user, other), (other, user)} & pairs(batch, store, "knows", b)
        assert (user, other) not in pairs(one_way, store, "knows", b)
        kept += (other, user) in pairs(one_way, store, "knows", b)
    assert kept  # Some links go both ways.
    roots = batch.node_sets["user"].rows[np.stack(batch.roots)]
    assert roots.tolist() == [links.source.tolist(), links.target.tolist()]


@pytest.mark.parametrize("by", ["uniform", "degree"])
@pytest.mark.parametrize("end", ["target", "source"])
@pytest.mark.parametrize("edge_set", ["buys", "knows"])
def test_no_negative_is_an_edge(store, edge_set, end, by):
    table = store.tables.edge_sets[edge_set]
    links = LinkSeeds.from_edge_set(store, edge_set, undirected=False)
    drawn = sample_negatives(store, links, Negatives(count=20, by=by, end=end), seed=1)
    known = set(zip(table.source.tolist(), table.target.tolist(), strict=True))
    both = np.stack([drawn.source, drawn.target], axis=1).reshape(-1, 21, 2)
    assert (both[:, 0] == np.stack([table.source, table.target], axis=1)).all()  # Each link, and its negatives.
    negatives = both[:, 1:].reshape(-1, 2)
    assert not known & set(map(tuple, negatives.tolist()))
    kept = 0 if end == "target" else 1
    assert (both[:, :, kept] == both[:, :1, kept]).all()
    if edge_set == "knows":
        assert (negatives[:, 0] != negatives[:, 1]).all()
    assert drawn.features["label"].reshape(-1, 21).tolist() == [[1] + [0] * 20] * len(both)
    # Right distribution: of one link, among all that are no edges.
    link = 7
    node, other = both[link, 0, kept], 1 - kept
    many = LinkSeeds(
        source=table.source[[link]].repeat(40),
        target=table.target[[link]].repeat(40),
        edge_set=edge_set,
        undirected=False,
    )
    drawn = sample_negatives(store, many, Negatives(count=500, by=by, end=end))
    ends = (drawn.target if end == "target" else drawn.source).reshape(40, 501)[:, 1:]
    num_nodes = store.num_nodes(table.target_set if end == "target" else table.source_set)
    counts = np.bincount(ends.reshape(-1), minlength=num_nodes)
    column = table.target if end == "target" else table.source
    expected = np.ones(num_nodes) if by == "uniform" else np.bincount(column, minlength=num_nodes).astype(float)
    for candidate in range(num_nodes):
        pair = (node, candidate) if other else (candidate, node)
        if tuple(map(int, pair)) in known or edge_set == "knows" and candidate == node:
            expected[candidate] = 0
    expected *= ends.size / expected.sum()
    assert (counts[expected == 0] == 0).all()
    chi2 = ((counts - expected)[expected > 0] ** 2 / expected[expected > 0]).sum()
    freedom = np.count_nonzero(expected) - 1
    assert chi2 < freedom + 4 * np.sqrt(2 * freedom)


def test_negatives_of_nodes_that_are_joined_with_almost_all():
    """One node of 1000 is not joined: it is found, though tries would seldom hit it."""
    table = EdgeTable(
        source_set="n", target_set="m", source=np.zeros(999, np.int64), target=np.delete(np.arange(1000), 77)
    )
    nodes = {"n": NodeTable(num_nodes=2), "m": NodeTable(num_nodes=1000)}
    star = GraphStore.from_tables(GraphTables(node_sets=nodes, edge_sets={"e": table}))
    drawn = sample_negatives(star, LinkSeeds.from_edge_set(star, "e", [0, 1]), Negatives(count=5))
    assert set(drawn.target.reshape(2, 6)[:, 1:].reshape(-1).tolist()) == {77}
    full = dataclasses.replace(table, source=np.zeros(1000, np.int64), target=np.arange(1000))
    full = dataclasses.replace(full, features={})
    star = GraphStore.from_tables(GraphTables(node_sets=nodes, edge_sets={"e": full}))
    with pytest.raises(ValueError, match="node 0 of node set 'n' has no negative: every node .* is joined with it"):
        sample_negatives(star, LinkSeeds.from_edge_set(star, "e", [0, 1]))


def elements(graphs, joint=False):
    """What each link's subgraph holds: ends, label, rows of its users, items and edges."""
    result = []
    for graph in graphs:
        source, target = (graph.edge_sets[f"_readout/{end}"].adjacency.source.numpy() for end in ("source", "target"))
        users, items = (graph.node_sets[name] for name in ("user", "item"))
        splits = {
            name: np.cumsum([0, *piece.sizes.numpy()])
            for name, piece in (*graph.node_sets.items(), *graph.edge_sets.items())
        }
        for b in range(len(source)):
            rows = {
                name: tuple(piece[feature].numpy()[splits[name][b] : splits[name][b + 1]].tolist())
                for name, piece, feature in (
                    ("user", users, "x"), ("item", items, "x"), ("buys", graph.edge_sets["buys"], "row"),
                )
            }  # fmt: skip
            ends = (int(users["x"][source[b]]), int(items["x"][target[b]]))
            label = int(graph.node_sets["_readout"]["label"][b])
            result.append((ends, label, *rows.values()))
    return result


@pytest.fixture(scope="module")
def links(store):
    return LinkSeeds.from_edge_set(
        store, "buys", np.arange(12), features={"label": np.full(12, 5), "q": np.arange(12.0)}
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_links_in_datasets_do_not_depend_on_threads_batches_or_order(store, links, strategy):
    options = {
        "negatives": Negatives(count=2),
        "seed": 3,
        "weights": {"items": "w", "more": "w"},
        "times": {"buys": "t"},
    }
    if strategy not in ("TOP_K", "RANDOM_WEIGHTED"):
        del options["weights"]
    spec = bipartite(strategy, 2)
    expected = elements(dataset(store, spec, links, batch_size=36, **options))
    assert [label for _, label, *_ in expected] == [5, 0, 0] * 12
    known = {
        (int(u), int(i))
        for u, i in zip(store.tables.edge_sets["buys"].source, store.tables.edge_sets["buys"].target, strict=True)
    }
    assert all((ends in known) == bool(label) for ends, label, *_ in expected)
    assert all(users[0] == ends[0] and items[0] == ends[1] for ends, _, users, items, _ in expected)
    for batch_size, threads in ((1, 1), (7, 2), (5, 8)):
        graphs = dataset(store, spec, links, batch_size=batch_size, num_threads=threads, **options)
        assert elements(graphs) == expected
    shuffled = elements(dataset(store, spec, links, batch_size=9, shuffle=True, **options))
    assert shuffled != expected and sorted(shuffled) == sorted(expected)
    backwards = dataclasses.replace(
        links, source=links.source[::-1], target=links.target[::-1],
        features={name: column[::-1] for name, column in links.features.items()},
    )  # fmt: skip
    assert sorted(elements(dataset(store, spec, backwards, batch_size=9, **options))) == sorted(expected)


def test_new_negatives_in_each_epoch_on_request(store, links):
    options = {"negatives": Negatives(), "batch_size": 24, "repeat": 2}
    same = elements(dataset(store, bipartite(), links, **options))
    assert same[:24] == same[24:]
    fresh = [ends for ends, *_ in elements(dataset(store, bipartite(), links, resample=True, **options))]
    assert fresh[:24:2] == fresh[24::2] and fresh[1:24:2] != fresh[25::2]


@pytest.mark.parametrize("joint", [False, True])
def test_readout_of_links_is_that_of_tfgnn(store, links, joint):
    data = dataset(store, bipartite(), links, batch_size=4, negatives=Negatives(), joint=joint)
    expected = graph_tensor_spec(store, bipartite(), links, batch_size=4, negatives=Negatives(), joint=joint)
    assert data.element_spec == expected
    graph = next(iter(data))
    assert expected.is_compatible_with(graph)
    readout = graph.node_sets["_readout"]
    assert readout["label"].numpy().tolist() == [5, 0, 5, 0] and readout["q"].numpy().tolist() == [0, 0, 1, 1]
    assert readout.sizes.numpy().tolist() == ([4] if joint else [1, 1, 1, 1])
    for end, node_set in (("source", "user"), ("target", "item")):
        adjacency = graph.edge_sets[f"_readout/{end}"].adjacency
        assert (adjacency.source_name, adjacency.target_name) == (node_set, "_readout")
        assert adjacency.target.numpy().tolist() == [0, 1, 2, 3]
    assert "_readout/seed" not in graph.edge_sets
    users = graph.node_sets["user"]["x"].numpy()[graph.edge_sets["_readout/source"].adjacency.source]
    assert users.tolist() == links.source[[0, 0, 1, 1]].tolist()
    ends = tf.gather(users, [0, 2]).numpy().tolist()
    assert ends == links.source[:2].tolist()


def test_links_by_id(store):
    plan = compile_plan(store, bipartite(), link="buys")
    by_id = sample_batch(store, plan, LinkSeeds(source=["u3"], target=[b"i4"]))
    by_row = sample_batch(store, plan, LinkSeeds(source=[3], target=[4]))
    assert by_id.node_sets["user"].rows.tolist() == by_row.node_sets["user"].rows.tolist()
    assert (by_id.node_sets["user"].rows[0], by_id.node_sets["item"].rows[0]) == (3, 4)


def test_a_symmetric_link_spec_of_tfgnn_loads_unchanged(store, tmp_path):
    path = tmp_path / "spec.pbtxt"
    path.write_text("""
      symmetric_link_seed_op < op_name: "SEED" >
      sampling_ops < op_name: "hop" input_op_names: "SEED" edge_set_name: "knows" sample_size: 3 strategy: RANDOM_UNIFORM >
    """)
    plan = compile_plan(store, path)
    assert plan.links and plan.seed_sets == (1, 1) and plan.hops[0].inputs == (0, 1)
    batch = sample_batch(store, plan, LinkSeeds(source=[3, 3], target=[4, 3]))
    assert batch.roots[1][0] == 1 and batch.roots[0][1] == batch.roots[1][1]  # Equal ends are one node.


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda s: compile_plan(s, bipartite()), r"operations start from \['item', 'user'\]. Say link=EDGE_SET"),
        (lambda s: compile_plan(s, bipartite(), link="by"), "Seed operation 'SEED': There is no edge set 'by'"),
        (lambda s: compile_plan(s, bipartite(), link=("user", "user")), "'back' starts from node set 'item', but its input 'SEED' yields nodes of 'user' and 'user'"),  # noqa: E501
        (lambda s: dataset(s, bipartite(), [1], link="buys"), "has a symmetric_link_seed_op, which takes LinkSeeds; got list"),  # noqa: E501
        (lambda s: dataset(s, bipartite(), LinkSeeds(source=[1], target=[1, 2], edge_set="buys")), "1 sources, but 2 targets"),  # noqa: E501
        (lambda s: dataset(s, bipartite(), LinkSeeds(source=[99], target=[1], edge_set="buys")), "LinkSeeds: source 99 is not a row of node set 'user'"),  # noqa: E501
        (lambda s: dataset(s, bipartite(), LinkSeeds(source=[1], target=[1], features={"a": np.zeros(2)}, edge_set="buys")), "feature 'a' has 2 rows, but there are 1 links"),  # noqa: E501
        (lambda s: dataset(s, bipartite(), LinkSeeds(source=[1], target=[1], edge_set="buys"), readout_features=["x"]), "a link has two ends"),  # noqa: E501
        (lambda s: sample_batch(s, compile_plan(s, bipartite(), link="buys"), LinkSeeds(source=[1], target=[1], edge_set="knows")), "edge set 'knows' joins 'user' and 'user', but the plan is for links between 'user' and 'item'"),  # noqa: E501
        (lambda s: sample_batch(s, compile_plan(s, bipartite(), link="buys"), LinkSeeds(source=[1], target=[1], reversed_edge_sets=["knows"])), "'knows' does not lead from 'item' to 'user'"),  # noqa: E501
        (lambda s: Negatives(by="luck"), "by='luck'; expected 'uniform' or 'degree'"),
        (lambda s: Negatives(count=0), "count=0; expected 1 or more"),
        (lambda s: sample_negatives(s, LinkSeeds(source=[1], target=[1])), "must name the edge set"),
        (lambda s: sample_negatives(s, LinkSeeds(source=[1], target=[1], edge_set="buys"), Negatives(exclude=["knows"])), "'knows' joins other node sets"),  # noqa: E501
    ],
)  # fmt: skip
def test_errors(store, call, message):
    with pytest.raises(ValueError, match=message):
        call(store)
