import pytest
from google.protobuf import text_format

from gnnkit.samplers import SamplingSpecBuilder, make_sampling_spec_tree
from gnnkit.schemas import graph_schema_pb2, sampling_spec_pb2


def schema(edge_sets=("AA", "AB", "AC", "BC", "CD")):
    result = graph_schema_pb2.GraphSchema()
    for name in edge_sets:
        result.edge_sets[name].source, result.edge_sets[name].target = name[0], name[1]
        for end in name:
            result.node_sets[end].SetInParent()
    result.node_sets["_readout"].SetInParent()
    result.edge_sets["_readout/seed"].source, result.edge_sets["_readout/seed"].target = "A", "_readout"
    return result


def ops(spec):
    return [(op.op_name, *op.input_op_names, op.edge_set_name, op.sample_size) for op in spec.sampling_ops]


def test_a_line():
    spec = SamplingSpecBuilder(schema()).seed("A").sample(5, "AB").sample(4, "BC").build()
    assert text_format.MessageToString(spec.seed_op) == 'op_name: "SEED->A"\nnode_set_name: "A"\n'
    assert ops(spec) == [("A->B", "SEED->A", "AB", 5), ("B->C", "A->B", "BC", 4)]
    assert {op.strategy for op in spec.sampling_ops} == {sampling_spec_pb2.RANDOM_UNIFORM}


def test_a_join():
    builder = SamplingSpecBuilder(schema())
    seed = builder.seed("A")
    path1, path2 = seed.sample(5, "AB").sample(4, "BC", op_name="A-B-C"), seed.sample(7, "AC", op_name="A-C")
    expected = [
        ("A-C", "SEED->A", "AC", 7),
        ("A->B", "SEED->A", "AB", 5),
        ("A-B-C", "A->B", "BC", 4),
        ("(A-B-C|A-C)->D", "A-B-C", "A-C", "CD", 10),
    ]
    assert ops(path1.join([path2]).sample(10, "CD").build()) == expected
    assert ops(builder.join([path1, path2]).sample(10, "CD").build()) == expected
    assert ops(path1.merge_then_sample([path2], 10, "CD").to_sampling_spec()) == expected


def test_the_builder_knows_all_branches():
    builder = SamplingSpecBuilder(schema())
    seed = builder.seed("A")
    seed.sample(5, "AB").sample(2, "BC")
    seed.sample(7, "AC", op_name="A-C")
    assert ops(builder.build()) == [
        ("A-C", "SEED->A", "AC", 7),
        ("A->B", "SEED->A", "AB", 5),
        ("B->C", "A->B", "BC", 2),
    ]
    assert ops(seed.build()) == []


def test_lists_of_sizes():
    step = SamplingSpecBuilder(schema(["AA"])).seed().sample([10, 5]).sample([2])
    assert ops(step.build()) == [
        ("A->A", "SEED->A", "AA", 10),
        ("A->A.2", "A->A", "AA", 5),
        ("A->A.3", "A->A.2", "AA", 2),
    ]


def test_b17_a_list_of_sizes_with_a_name_has_distinct_names():
    step = SamplingSpecBuilder(schema()).seed("A").sample([3, 2], "AA", op_name="x")  # TF-GNN: two ops "x".
    assert ops(step.build()) == [("x", "SEED->A", "AA", 3), ("x.2", "x", "AA", 2)]


def test_b17_an_explicit_top_k_stays():
    top_k, weighted = sampling_spec_pb2.TOP_K, sampling_spec_pb2.RANDOM_WEIGHTED
    builder = SamplingSpecBuilder(schema(), default_strategy=weighted)
    step = builder.seed("A").sample(3, "AA", strategy=top_k).sample(3, "AA")
    assert [op.strategy for op in step.build().sampling_ops] == [top_k, weighted]


def test_tree():
    spec = make_sampling_spec_tree(schema(), "A", sample_sizes=[3, 2])
    assert ops(spec) == [
        ("A->C", "SEED->A", "AC", 3),
        ("C->D", "A->C", "CD", 2),
        ("A->B", "SEED->A", "AB", 3),
        ("B->C", "A->B", "BC", 2),
        ("A->A", "SEED->A", "AA", 3),
        ("A->C.2", "A->A", "AC", 2),
        ("A->B.2", "A->A", "AB", 2),
        ("A->A.2", "A->A", "AA", 2),
    ]
    assert ops(make_sampling_spec_tree(schema(), "A", sample_sizes=[])) == []
    assert make_sampling_spec_tree(schema(), "A", sample_sizes=[]).seed_op.op_name == "SEED->A"


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda b: b.seed(), r"Say which node set to start from; there are \['A', 'B', 'C', 'D'\]"),
        (lambda b: b.seed("X"), "There is no node set 'X'"),
        (lambda b: b.seed("A").sample(2), r"node set 'A' has \['AA', 'AB', 'AC'\]"),
        (lambda b: b.seed("D").sample(2), "node set 'D' has none"),
        (lambda b: b.seed("A").sample(2, "XY"), "There is no edge set 'XY'"),
        (lambda b: b.seed("A").sample(2, "BC"), "'BC' starts from node set 'B', but the nodes reached are of 'A'"),
        (lambda b: b.seed("A").sample(0, "AA"), "sample_size=0: expected a positive number"),
        (lambda b: b.seed("A").sample(2, "AA", strategy=9), "strategy=9 is not a SamplingStrategy: TOP_K"),
        (lambda b: b.seed("A").join([b.seed("B")]), "node set 'A' and node set 'B'"),
        (lambda b: b.join([]), r"join\(\[\]\): expected at least one step"),
        (lambda b: b.seed("A").join([b.seed("A")]).sample(2, "AA").build(), "more than one seed"),
        (
            lambda b: b.seed("A").sample(2, "AA", op_name="x").sample(2, "AA", op_name="x").build(),
            "Two operations are called 'x'",
        ),
    ],
)
def test_errors(build, message):
    with pytest.raises(ValueError, match=message):
        build(SamplingSpecBuilder(schema()))


def test_b17_the_default_strategy_samples_uniformly():
    for build in (
        lambda: SamplingSpecBuilder(schema()).seed("A").sample(3, "AA").build(),
        lambda: make_sampling_spec_tree(schema(), "A", sample_sizes=[3]),
    ):
        assert {op.strategy for op in build().sampling_ops} == {sampling_spec_pb2.RANDOM_UNIFORM}


def test_strategies_by_name():
    step = SamplingSpecBuilder(schema(), default_strategy="LATEST_K").seed("A").sample(3, "AA", strategy="TOP_K")
    assert [op.strategy for op in step.sample(2, "AA").build().sampling_ops] == [
        sampling_spec_pb2.TOP_K, sampling_spec_pb2.LATEST_K
    ]  # fmt: skip
