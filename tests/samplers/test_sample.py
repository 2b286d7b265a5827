import concurrent.futures

import numpy as np
import pytest
from google.protobuf import text_format

from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    NodeTable,
    SamplingSpecBuilder,
    compile_plan,
    make_sampling_spec_tree,
    sample_batch,
)
from gnnkit.samplers._draw import combine as compiled_combine
from gnnkit.samplers._draw import draw_uniform
from gnnkit.samplers._draw_numpy import hash_bytes
from gnnkit.schemas import sampling_spec_pb2


def combine(a, b):
    return np.uint64(compiled_combine(np.uint64(a), np.uint64(b)))


SIZES = {"paper": 60, "author": 40}


def random_tables(seed=0, ids=True, hub=0):
    rng = np.random.default_rng(seed)
    nodes = {}
    for name, count in SIZES.items():
        names = np.empty(count, object)
        names[:] = [f"{name[0]}{i}".encode() for i in rng.permutation(count)]
        nodes[name] = NodeTable(num_nodes=count, ids=names if ids else None)
    edges = {}
    for name, (source, target, count) in {
        "cites": ("paper", "paper", 400 + hub),
        "written": ("paper", "author", 150),
        "writes": ("author", "paper", 150),
    }.items():
        source_index = rng.integers(SIZES[source], size=count)
        if name == "cites":
            source_index[400:] = 7
        edges[name] = EdgeTable(
            source_set=source, target_set=target, source=source_index, target=rng.integers(SIZES[target], size=count)
        )
    return GraphTables(node_sets=nodes, edge_sets=edges)


def spec_of(store):
    seed = SamplingSpecBuilder(store).seed("paper")
    cited = seed.sample([5, 3], "cites")
    return seed.join([cited]).sample(2, "written").sample(4, "writes").build()


def subgraphs(batch, store):
    """One dict for each component: sets of node rows and of (source row, target row, edge row)."""
    result = []
    count = len(batch.node_sets["paper"].sizes)
    starts = {n: np.concatenate([[0], np.cumsum(s.sizes)]) for n, s in batch.node_sets.items()}
    edge_starts = {n: np.concatenate([[0], np.cumsum(s.sizes)]) for n, s in batch.edge_sets.items()}
    for b in range(count):
        graph = {"root": int(batch.node_sets["paper"].rows[starts["paper"][b]])}
        for name, nodes in batch.node_sets.items():
            rows = nodes.rows[starts[name][b] : starts[name][b + 1]].tolist()
            assert len(set(rows)) == len(rows)  # Duplicates are merged.
            graph[name] = set(rows)
        for name, edges in batch.edge_sets.items():
            table = store.tables.edge_sets[name]
            part = slice(edge_starts[name][b], edge_starts[name][b + 1])
            source, target, rows = edges.source[part], edges.target[part], edges.rows[part]
            assert len(set(rows.tolist())) == len(rows)
            for index, node_set in ((source, table.source_set), (target, table.target_set)):
                inside = (index >= starts[node_set][b]) & (index < starts[node_set][b + 1])
                assert inside.all()  # Edges stay within their component.
            assert (batch.node_sets[table.source_set].rows[source] == table.source[rows]).all()
            assert (batch.node_sets[table.target_set].rows[target] == table.target[rows]).all()
            graph[name] = set(rows.tolist())
        result.append(graph)
    return result


def reference(store, plan, root, seed):
    """The subgraph of one seed by the definition, without any of the kernel's tables."""
    keys = {name: store.keys(name) for name in store.node_names}
    seed_set = store.node_names[plan.seed_set]
    graph = {"root": root, **{name: set() for name in (*plan.node_sets, *plan.edge_sets)}}
    graph[seed_set].add(root)
    subgraph = combine(np.uint64(seed), keys[seed_set][root])
    reached = [[root]]
    for hop in plan.hops:
        name = store.edge_names[hop.edge_set]
        table = store.tables.edge_sets[name]
        hop_key = combine(subgraph, np.uint64(hash_bytes(hop.name.encode())))
        fresh = []
        for node in dict.fromkeys(node for number in hop.inputs for node in reached[number]):
            rows = np.flatnonzero(table.source == node)
            rows = rows[np.lexsort((rows, keys[table.target_set][table.target[rows]]))]
            out = np.empty(hop.size, np.int64)
            count = draw_uniform(
                combine(hop_key, keys[table.source_set][node]), len(rows), hop.size, out, np.full(256, -1, np.int64)
            )
            for row in rows[out[:count]]:
                graph[name].add(int(row))
                graph[table.target_set].add(int(table.target[row]))
                fresh.append(int(table.target[row]))
        reached.append(list(dict.fromkeys(fresh)))
    return graph


@pytest.fixture(scope="module")
def store():
    return GraphStore.from_tables(random_tables())


@pytest.fixture(scope="module")
def plan(store):
    return compile_plan(store, spec_of(store))


def test_store_is_sorted_by_source_then_key_then_row(store):
    table = store.tables.edge_sets["cites"]
    keys = store.keys("paper")
    order = np.lexsort((np.arange(400), keys[table.target], table.source))
    i = store.edge_number("cites")
    assert store.rows[store.edge_starts[i] : store.edge_starts[i + 1]].tolist() == order.tolist()
    assert store.degrees("cites").tolist() == np.bincount(table.source, minlength=60).tolist()
    assert store.neighbors("cites", 3).tolist() == table.target[order][table.source[order] == 3].tolist()


def test_subgraphs_follow_the_definition(store, plan):
    batch = sample_batch(store, plan, np.arange(60), seed=11)
    assert subgraphs(batch, store) == [reference(store, plan, root, 11) for root in range(60)]


def test_large_samples_and_hubs_follow_the_definition():
    store = GraphStore.from_tables(random_tables(hub=3000))
    spec = make_sampling_spec_tree(store, "paper", sample_sizes=[1000, 50, 2])
    plan = compile_plan(store, spec)
    batch = sample_batch(store, plan, [7, 3, 7], seed=1, repetition=[0, 0, 0])
    graphs = subgraphs(batch, store)
    assert graphs[0] == graphs[2]
    # The definition's scratch table is small: draw sizes over 100 are compared by their number only.
    assert len(graphs[0]["cites"]) > 1000
    assert max(batch.edge_sets["cites"].sizes) <= 3400


def test_the_seed_is_node_0(store, plan):
    seeds = np.array([5, 0, 59, 5, 17])
    batch = sample_batch(store, plan, seeds, seed=3)
    sizes = batch.node_sets["paper"].sizes
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    assert batch.node_sets["paper"].rows[first].tolist() == seeds.tolist()


def test_content_depends_on_seed_and_root_only(store, plan):
    seeds = np.arange(60)
    whole = subgraphs(sample_batch(store, plan, seeds, seed=5), store)
    shuffled = np.random.default_rng(0).permutation(60)
    parts = [subgraphs(sample_batch(store, plan, part, seed=5), store) for part in np.array_split(shuffled, 7)]
    for root, graph in zip(shuffled, (graph for part in parts for graph in part), strict=True):
        assert graph == whole[root]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(sample_batch, store, plan, seeds, 5) for _ in range(16)]
        for future in futures:
            assert subgraphs(future.result(), store) == whole
    assert subgraphs(sample_batch(store, plan, seeds, seed=6), store) != whole


def test_content_does_not_depend_on_the_order_of_tables():
    """Ids, not row numbers, decide: so that an engine that knows no row numbers can draw the same."""
    tables = random_tables()
    store = GraphStore.from_tables(tables)
    rng = np.random.default_rng(1)
    orders = {name: rng.permutation(table.num_nodes) for name, table in tables.node_sets.items()}
    places = {name: np.argsort(order) for name, order in orders.items()}
    other = GraphStore.from_tables(
        GraphTables(
            node_sets={
                name: NodeTable(num_nodes=table.num_nodes, ids=table.ids[orders[name]])
                for name, table in tables.node_sets.items()
            },
            edge_sets={
                name: EdgeTable(
                    source_set=table.source_set,
                    target_set=table.target_set,
                    source=places[table.source_set][table.source],
                    target=places[table.target_set][table.target],
                )
                for name, table in tables.edge_sets.items()
            },
        )
    )
    plan = compile_plan(store, spec_of(store))
    ours = subgraphs(sample_batch(store, plan, np.arange(60), seed=2), store)
    theirs = subgraphs(sample_batch(other, compile_plan(other, spec_of(other)), places["paper"], seed=2), other)
    for a, b in zip(ours, theirs, strict=True):
        assert {store.tables.node_sets["paper"].ids[i] for i in a["paper"]} == {
            other.tables.node_sets["paper"].ids[i] for i in b["paper"]
        }
        assert a["cites"] == b["cites"]  # Edge rows kept their order here.


def test_repetitions_differ_and_op_names_matter(store, plan):
    once = subgraphs(sample_batch(store, plan, [4, 4, 4], repetition=[0, 1, 2]), store)
    assert once[0] != once[1] != once[2] != once[0]
    assert once[0] == subgraphs(sample_batch(store, plan, [4]), store)[0]
    renamed = spec_of(store)
    text = text_format.MessageToString(renamed).replace("paper->paper", "other")
    renamed = compile_plan(store, text_format.Parse(text, sampling_spec_pb2.SamplingSpec()))
    assert subgraphs(sample_batch(store, renamed, [4]), store)[0] != once[0]


def test_small_degrees_take_all_edges_and_nodes_without_ids(store):
    bare = GraphStore.from_tables(random_tables(ids=False))
    assert bare.keys("paper").tolist() == list(range(60))
    plan = compile_plan(bare, SamplingSpecBuilder(bare).seed("paper").sample(100, "cites").build())
    graphs = subgraphs(sample_batch(bare, plan, np.arange(60)), bare)
    table = bare.tables.edge_sets["cites"]
    for root, graph in enumerate(graphs):
        assert graph["cites"] == set(np.flatnonzero(table.source == root).tolist())
        assert graph["paper"] == {root, *table.target[table.source == root].tolist()}


@pytest.mark.parametrize("degree", [2, 3, 4, 30, 1000])
def test_inclusion_probabilities_of_neighbors(degree):
    """Degrees below, at and above the sample size of 3; every repetition draws afresh."""
    rounds, size = 12_000, 3
    edges = EdgeTable(source_set="n", target_set="n", source=np.zeros(degree, np.int64), target=np.arange(degree))
    star = GraphStore.from_tables(GraphTables(node_sets={"n": NodeTable(num_nodes=degree)}, edge_sets={"e": edges}))
    plan = compile_plan(star, SamplingSpecBuilder(star).seed().sample(size).build())
    batch = sample_batch(star, plan, np.zeros(rounds, np.int64), repetition=np.arange(rounds))
    counts = np.bincount(batch.edge_sets["e"].rows, minlength=degree)
    p = min(size / degree, 1)
    if p == 1:
        assert (counts == rounds).all()
    else:
        chi2 = ((counts - rounds * p) ** 2).sum() / (rounds * p * (1 - p)) * (degree - 1) / degree
        assert chi2 < degree - 1 + 4 * np.sqrt(2 * (degree - 1))


def test_edges_of_two_operations_are_merged(store):
    seed = SamplingSpecBuilder(store).seed("paper")
    step = seed.sample(100, "cites", op_name="a").join([seed.sample(100, "cites", op_name="b")])
    twice = compile_plan(store, step.sample(1, "written").build())
    once = compile_plan(store, seed.sample(100, "cites", op_name="a").sample(1, "written").build())
    a = sample_batch(store, once, [1, 2]).edge_sets["cites"].sizes
    assert a.tolist() == sample_batch(store, twice, [1, 2]).edge_sets["cites"].sizes.tolist()


def test_empty_batches_and_graphs(store, plan):
    batch = sample_batch(store, plan, [])
    assert batch.node_sets["paper"].sizes.shape == (0,) and batch.edge_sets["cites"].source.shape == (0,)
    alone = GraphStore.from_tables(GraphTables(node_sets={"n": NodeTable(num_nodes=2)}))
    batch = sample_batch(alone, compile_plan(alone, SamplingSpecBuilder(alone).seed().build()), [1])
    assert batch.node_sets["n"].rows.tolist() == [1] and dict(batch.edge_sets) == {}


def test_seed_errors(store, plan):
    with pytest.raises(ValueError, match="Seed 60 is not a row of node set 'paper', which has 60 nodes"):
        sample_batch(store, plan, [3, 60])
    with pytest.raises(ValueError, match=r"Seeds must be integers of shape \[B\]"):
        sample_batch(store, plan, [[1]])
    with pytest.raises(ValueError, match="1 id.* not in node set 'paper'; the first is b'x'"):
        store.indices("paper", ["p1", "x"])
    assert store.tables.node_sets["paper"].ids[store.indices("paper", [b"p1", "p2"])].tolist() == [b"p1", b"p2"]


GOOD = """seed_op { op_name: "s" node_set_name: "paper" }
sampling_ops { op_name: "a" input_op_names: "s" edge_set_name: "cites" sample_size: 3 strategy: RANDOM_UNIFORM }
"""


@pytest.mark.parametrize(
    "old, new, message",
    [
        (GOOD, "", "The sampling spec has no seed_op"),
        (
            'seed_op { op_name: "s" node_set_name: "paper" }',
            'symmetric_link_seed_op { op_name: "x" }',
            "links join: operations start from .*Say link=EDGE_SET",
        ),
        (
            'name: "paper"',
            'name: "papr"',
            "Seed operation 's': There is no node set 'papr'. The node sets are 'author', 'paper'",
        ),
        (
            '"cites"',
            '"cite"',
            "operation 'a': There is no edge set 'cite'. The edge sets are 'cites', 'writes', 'written'",
        ),
        ("sample_size: 3", "", "operation 'a' has sample_size 0; expected 1 or more"),
        ("RANDOM_UNIFORM", "LATEST_K", "'a' has strategy LATEST_K, which needs a time: times={'cites': FEATURE}"),
        (
            "strategy: RANDOM_UNIFORM",
            "",
            "'a' has strategy TOP_K .what the format takes when none is set., which needs a weight",
        ),
        ('input_op_names: "s"', "", "'a' has no input_op_names"),
        (
            'input_op_names: "s"',
            'input_op_names: "b"',
            "'a' takes input 'b', which is not an earlier operation. Earlier ones are 's'",
        ),
        (
            '"cites"',
            '"writes"',
            "edge set 'writes' starts from node set 'author', but its input 's' yields nodes of 'paper'",
        ),
        ('op_name: "a"', 'op_name: "s"', "'s' occurs twice"),
    ],
)
def test_spec_errors(store, old, new, message, tmp_path):
    path = tmp_path / "spec.pbtxt"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message):
        compile_plan(store, path)
    path.write_text("seed_op { oops: 1 }")
    with pytest.raises(ValueError, match="spec.pbtxt is not a SamplingSpec"):
        compile_plan(store, path)


def test_table_errors():
    nodes = {"n": NodeTable(num_nodes=2)}
    one, two = np.array([0]), np.array([2])

    def edges(**changes):
        fields = {"source_set": "n", "target_set": "n", "source": one, "target": one, **changes}
        return GraphStore.from_tables(GraphTables(node_sets=nodes, edge_sets={"e": EdgeTable(**fields)}))

    with pytest.raises(
        ValueError, match="Edge set 'e', target: row 0 points at node 2, but node set 'n' has nodes 0 to 1"
    ):
        edges(target=two)
    with pytest.raises(ValueError, match="row 0 points at node -1"):
        edges(source=-1 - one)
    with pytest.raises(ValueError, match="target node set 'm', but the node sets are"):
        edges(target_set="m")
    with pytest.raises(ValueError, match="feature 'f' has 2 rows; the set has 1 items"):
        edges(features={"f": np.zeros(2)})
