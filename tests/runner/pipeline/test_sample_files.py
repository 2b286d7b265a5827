"""`gnnkit sample --schema --spec --seeds`: links, and nodes, from tables of seeds."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from click.testing import CliRunner

from gnnkit.io import create_graph_spec_from_schema_pb, parse_single_example
from gnnkit.runner._errors import RunError
from gnnkit.runner.cli._main import cli
from gnnkit.runner.config import read_schema_file
from gnnkit.samplers import GraphStore, read_tables

SCHEMA = """
node_sets { key: "user" value { metadata { filename: "user.csv" } features { key: "age" value { dtype: DT_INT64 } } } }
node_sets { key: "item" value { metadata { filename: "item.csv" } features { key: "price" value { dtype: DT_INT64 } } } }
node_sets { key: "_readout" value { features { key: "label" value { dtype: DT_INT64 } }
  features { key: "note" value { dtype: DT_STRING } } } }
edge_sets { key: "buys" value { source: "user" target: "item" metadata { filename: "buys.csv" } } }
edge_sets { key: "bought" value { source: "item" target: "user" metadata { filename: "buys.csv"
  extra { key: "edge_type" value: "reversed" } } } }
edge_sets { key: "_readout/source" value { source: "user" target: "_readout" } }
edge_sets { key: "_readout/target" value { source: "item" target: "_readout" } }
"""

SPEC = """
symmetric_link_seed_op { op_name: "seed" }
sampling_ops { op_name: "items" input_op_names: "seed" edge_set_name: "buys" sample_size: 9 strategy: RANDOM_UNIFORM }
sampling_ops { op_name: "users" input_op_names: "seed" input_op_names: "items" edge_set_name: "bought" sample_size: 9
  strategy: RANDOM_UNIFORM }
"""

# The link of a user and an item, its label and a note. The last is no edge.
LINKS = {"source": ["u1", "u2", "u5"], "target": ["i2", "i4", "i0"], "label": [1, 1, 0], "note": ["a", "b", "c"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "spec.pbtxt").write_text(SPEC)
    for name, prefix, feature in (("user", "u", "age"), ("item", "i", "price")):
        rows = [f"{prefix}{i},{10 + i}" for i in range(6)]
        (folder / f"{name}.csv").write_text("\n".join([f"id,{feature}", *rows]))
    edges = [f"u{i},i{(i + j) % 6}" for i in range(6) for j in range(3) if (i, j) != (5, 1)]
    (folder / "buys.csv").write_text("\n".join(["source,target", *edges]))
    pq.write_table(pa.table(LINKS), folder / "links.parquet")
    rows = [",".join(map(str, row)) for row in zip(*LINKS.values(), strict=True)]
    (folder / "links.csv").write_text("\n".join([",".join(LINKS), *rows]))
    GraphStore.from_tables(read_tables(folder / "schema.pbtxt")).save(folder / "store")
    return folder


def sample(folder, seeds, output, *options, schema="schema.pbtxt", spec="spec.pbtxt"):
    arguments = ["--schema", folder / schema, "--spec", folder / spec, "--seeds", folder / seeds]
    arguments += ["--output", folder / output, "--json", "--quiet", *options]
    done = CliRunner().invoke(cli, ["sample", *map(str, arguments)], prog_name="gnnkit", catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("schema", "links", "options"),
    [("schema.pbtxt", "links.csv", []), ("store", "links.parquet", ["--link", "buys"])],
)
def test_links(folder, schema, links, options):
    report = sample(folder, links, f"{schema}-samples@2", *options, schema=schema)
    assert report["examples"] == 3 and len(report["files"]) == 2
    spec = create_graph_spec_from_schema_pb(read_schema_file(folder / "schema.pbtxt"))
    graphs = [parse_single_example(spec, record) for record in tf.data.TFRecordDataset(report["files"])]
    readouts = [graph.node_sets["_readout"] for graph in graphs]
    assert [int(readout["label"][0]) for readout in readouts] == LINKS["label"]
    assert [readout["note"].numpy().tolist() for readout in readouts] == [[b"a"], [b"b"], [b"c"]]
    for graph, user, item in zip(graphs, LINKS["source"], LINKS["target"], strict=True):
        ages, prices = graph.node_sets["user"]["age"].numpy(), graph.node_sets["item"]["price"].numpy()
        ends = [graph.edge_sets[name].adjacency.source.numpy() for name in ("_readout/source", "_readout/target")]
        assert ages[ends[0]].tolist() == [10 + int(user[1:])] and prices[ends[1]].tolist() == [10 + int(item[1:])]
        buys, bought = graph.edge_sets["buys"].adjacency, graph.edge_sets["bought"].adjacency
        pairs = {*zip(ages[buys.source], prices[buys.target], strict=True)}
        pairs |= {*zip(ages[bought.target], prices[bought.source], strict=True)}
        assert len(pairs) > 3 and (10 + int(user[1:]), 10 + int(item[1:])) not in pairs


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("source,target,label,note\nu1,i9,1,a", "column 'target': 1 id.* not in node set 'item'; the first is b'i9'"),
        ("source,target,label\nu1,i1,1", "note"),
        ("source,target,label,note\nu1,i1,one,a", "label"),
    ],
)
def test_links_that_do_not_fit(folder, table, message):
    (folder / "wrong.csv").write_text(table)
    from gnnkit.runner.pipeline._progress import SilentReporter
    from gnnkit.runner.pipeline._sample import SampleRequest, sample_from_files

    request = SampleRequest(output=str(folder / "wrong"), seeds=str(folder / "wrong.csv"))
    with pytest.raises(RunError, match=message) as raised:
        sample_from_files(str(folder / "schema.pbtxt"), str(folder / "spec.pbtxt"), request, SilentReporter())
    assert "wrong.csv" in str(raised.value)


def test_nodes(folder):
    seed = 'seed_op { op_name: "seed" node_set_name: "user" }'
    spec = SPEC.replace('symmetric_link_seed_op { op_name: "seed" }', seed)
    (folder / "nodes.pbtxt").write_text(
        spec.replace('input_op_names: "seed" input_op_names: "items"', 'input_op_names: "items"')
    )
    (folder / "users.csv").write_text("id\nu4\nu0\n")
    report = sample(folder, "users.csv", "nodes", spec="nodes.pbtxt")
    schema = read_schema_file(folder / "schema.pbtxt")
    for name in [name for name in schema.edge_sets if name.startswith("_")]:
        del schema.edge_sets[name]
    del schema.node_sets["_readout"]
    parsed = [
        parse_single_example(create_graph_spec_from_schema_pb(schema), record)
        for record in tf.data.TFRecordDataset(report["files"])
    ]
    assert [int(graph.node_sets["user"]["age"][0]) for graph in parsed] == [14, 10]
    with pytest.raises(AssertionError, match="--link buys needs a spec with symmetric_link_seed_op"):
        sample(folder, "users.csv", "other", "--link", "buys", spec="nodes.pbtxt")
