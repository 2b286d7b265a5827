"""`gnnkit examples ...`: what is written and printed, codes, streams."""

import ast
import errno
import io
import json
import sys

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from google.protobuf import text_format
from rich.console import Console

import gnnkit
from gnnkit.runner.cli import main
from gnnkit.runner.cli._main import cli
from gnnkit.schemas import GraphTensorStats

SCHEMA = """
context { features { key: "label" value { dtype: DT_INT64 } } }
node_sets { key: "a" value {
  features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 2 } } } }
  features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } } } } } }
node_sets { key: "b" value {} }
edge_sets { key: "e/f" value { source: "a" target: "b" features { key: "w" value { dtype: DT_DOUBLE } } } }
"""
SPEC = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA))


def invoke(*arguments):
    return CliRunner().invoke(cli, [str(a) for a in arguments], prog_name="gnnkit")


def succeed(*arguments):
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result


def records(*names):
    return [record.numpy() for name in names for record in tf.data.TFRecordDataset(str(name))]


def graph(label=1, x=((0.1, -2.0), (3.0, 4.0)), words=(b"one", b"two")):
    return gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(features={"label": tf.constant([label], tf.int64)}),
        {
            "a": gnnkit.NodeSet.from_fields(
                sizes=[2], features={"x": tf.constant(x), "words": tf.ragged.constant([[], list(words)])}
            ),
            "b": gnnkit.NodeSet.from_fields(sizes=[1]),
        },
        {
            "e/f": gnnkit.EdgeSet.from_fields(
                sizes=[3],
                features={"w": tf.constant([0.5, 1.5, 7.0], tf.float64)},
                adjacency=gnnkit.Adjacency.from_indices(("a", [0, 1, 1]), ("b", [0, 0, 0])),
            )
        },
    )


VALUES = {
    "context": {"label": [1]},
    "node_sets": {
        "a": {"#size": [2], "words": [[], ["one", "two"]], "x": [[0.1, -2.0], [3.0, 4.0]]},
        "b": {"#size": [1]},
    },
    "edge_sets": {"e/f": {"#size": [3], "#source": [0, 1, 1], "#target": [0, 0, 0], "w": [0.5, 1.5, 7.0]}},
}


def write(name, *examples):
    with tf.io.TFRecordWriter(str(name)) as writer:
        for example in examples:
            if not isinstance(example, bytes):
                example = example.SerializeToString()
            writer.write(example)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with `schema.pbtxt` and the graphs 1 to 5 in `in-00000-of-00002` and `in-00001-of-00002`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    examples = [gnnkit.write_example(graph(label)) for label in range(1, 6)]
    write("in-00000-of-00002", *examples[:3])
    write("in-00001-of-00002", *examples[3:])
    return tmp_path


SHOW = ["examples", "print", "--graph-schema", "schema.pbtxt", "--examples"]
COUNT = ["examples", "stats", "--graph-schema", "schema.pbtxt", "--output-filename", "out.pbtxt", "--input-pattern"]
MAKE = ["examples", "generate", "--graph-schema", "schema.pbtxt", "--examples"]


def test_generated_graphs_fit_the_schema(folder):
    result = succeed(*MAKE, "new@3", "--num-examples", 7, "--seed", 5)
    assert result.stdout == ""
    assert result.stderr.startswith("Writing examples: done in ")
    shards = [records(f"new-{i:05d}-of-00003") for i in range(3)]
    assert [len(shard) for shard in shards] == [3, 2, 2]
    serialized = sum(shards, [])
    assert len(set(serialized)) == 7
    assert gnnkit.parse_example(SPEC, serialized).shape == [7]


def test_the_same_seed_generates_the_same_files(folder):
    for name, seed in (("one", ["--seed", 1]), ("same", ["--seed", 1]), ("other", ["--seed", 2]), ("none", [])):
        succeed(*MAKE, name, "--num-examples", 3, "--quiet", *seed)
    assert (folder / "one").read_bytes() == (folder / "same").read_bytes()
    assert len(set(records("one", "other", "none"))) == 9


def test_a_hundred_examples_by_default_and_a_compressed_file(folder):
    result = succeed(*MAKE, "new.gz", "-q")
    assert result.stderr == ""
    assert sum(1 for _ in tf.data.TFRecordDataset("new.gz", "GZIP")) == 100
    assert succeed(*SHOW, "new.gz", "--mode", "json").stdout.count("\n") == 100


@pytest.mark.parametrize("files", ["in@2", "in-*"])
def test_python_literals(folder, files):
    result = succeed(*SHOW, files, "--num-examples", 1)
    assert ast.literal_eval(result.stdout) == VALUES
    assert list(ast.literal_eval(result.stdout)["edge_sets"]["e/f"]) == ["#size", "#source", "#target", "w"]


def test_one_line_of_json_for_each_graph(folder):
    lines = succeed(*SHOW, "in@2", "--mode", "json").stdout.splitlines()
    assert json.loads(lines[0]) == VALUES
    assert [json.loads(line)["context"]["label"] for line in lines] == [[1], [2], [3], [4], [5]]


def test_batches_across_files(folder):
    lines = succeed(*SHOW, "in@2", "--mode", "json", "--batch-size", 2).stdout.splitlines()
    batches = [json.loads(line) for line in lines]
    assert [batch["context"]["label"] for batch in batches] == [[[1], [2]], [[3], [4]], [[5]]]
    assert batches[1]["node_sets"]["a"]["words"] == [VALUES["node_sets"]["a"]["words"]] * 2
    assert batches[1]["edge_sets"]["e/f"]["#source"] == [[0, 1, 1]] * 2
    result = succeed(*SHOW, "in@2", "--batch-size", 2, "--num-examples", 2)
    assert result.stdout.count("'context'") == 2


def test_examples_as_they_are(folder):
    text = succeed(*SHOW, "in@2", "--mode", "textproto").stdout
    parts = text.split("\n\n")
    assert parts.pop() == ""
    found = [text_format.Parse(part, tf.train.Example()) for part in parts]
    assert found == [tf.train.Example.FromString(r) for r in records("in-00000-of-00002", "in-00001-of-00002")]
    keys = [line for line in parts[0].splitlines() if "key:" in line]
    assert len(keys) == 10 and keys == sorted(keys)


def test_bytes_and_numbers_that_json_lacks(folder):
    write("odd", gnnkit.write_example(graph(x=((np.nan, np.inf), (1e38, 1 / 3)), words=("ä".encode(), b"\xff"))))
    text = succeed(*SHOW, "odd").stdout
    assert "'words': [[], ['ä', b'\\xff']], 'x': [[nan, inf], [1e+38, 0.33333334]]" in " ".join(text.split())
    nodes = json.loads(succeed(*SHOW, "odd", "--mode", "json").stdout)["node_sets"]["a"]
    assert nodes["words"] == [[], ["ä", "\\xff"]]
    assert np.isnan(nodes["x"][0][0])


def test_stats(folder):
    result = succeed(*COUNT, "in@2", "--num-quantiles", 4)
    assert result.stdout == ""
    assert result.stderr.startswith("Reading examples: done in ")
    proto = text_format.Parse((folder / "out.pbtxt").read_text(), GraphTensorStats())
    stats = {(s.set_type, s.set_name, s.feature_name): s.stats for s in proto.feature_stats}
    sizes = [("nodes", "a", "#size"), ("nodes", "b", "#size"), ("edges", "e/f", "#size")]
    assert set(stats) == {("context", "", "label"), ("nodes", "a", "x"), ("edges", "e/f", "w"), *sizes}
    label = stats["context", "", "label"]
    assert (label.min, label.median, label.max, label.mean) == (1, 3, 5, 3)
    assert label.std == pytest.approx(np.std([1, 2, 3, 4, 5]))
    assert list(label.quantiles) == [1, 2, 3, 4, 5]
    assert stats["nodes", "a", "x"].mean == pytest.approx((0.1 - 2 + 3 + 4) / 4)
    assert stats["edges", "e/f", "#size"].std == 0
    assert [(p.num_nodes, p.num_edges) for p in proto.samples.size_pairs] == [(3, 3)] * 5


def test_stats_of_many_examples(folder):
    """More than are read, and more than are parsed, at once."""
    write("many", *(gnnkit.write_example(graph(label)) for label in range(300)))
    succeed(*COUNT, "many", "-q")
    proto = text_format.Parse((folder / "out.pbtxt").read_text(), GraphTensorStats())
    label = proto.feature_stats[0].stats
    assert list(label.quantiles) == [0, *range(29, 300, 30)]
    assert label.mean == 149.5


def test_values_that_are_not_finite_are_reported(folder):
    write("odd", gnnkit.write_example(graph(x=((np.nan, 1.0), (2.0, 3.0)))))
    text = " ".join(succeed(*COUNT, "odd").stderr.split())
    assert "note: Node set 'a', feature 'x': 1 of 4 values are NaN or infinite and left out." in text


def test_table():
    from gnnkit.runner.cli._example_stats import stats_table

    statistics = gnnkit.io.GraphStatistics()
    statistics.add(graph())
    statistics.add(graph(label=12345))
    console = Console(file=io.StringIO(), width=100)
    console.print(stats_table(statistics))
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert lines[:3] == [
        "2 graphs",
        "feature values min median mean std max",
        "context/label 2 1 1 6,173 6,172 12,345",
    ]
    assert "edges/e/f.w 6 0.5 1.5 3 2.8577 7" in lines


@pytest.mark.parametrize(
    "line",
    [
        "generate --graph_schema=schema.pbtxt --examples=new --num_examples=2 --file_format=tfrecord",
        "print --graph_schema schema.pbtxt --examples in@2 --num_examples 1 --batch_size 0 --mode=json",
        "stats --graph_schema=schema.pbtxt --input_pattern=in@2 --output_filename=out --num_quantiles=2 "
        "--input_format=tfrecord --runner=direct",
    ],
)
def test_options_of_tfgnn(folder, line):
    succeed("examples", *line.split())


@pytest.mark.parametrize(
    "arguments", [[*SHOW[:4]], [*SHOW, "in@2", "--mode", "xml"], [*MAKE, "x", "--file-format", "sstable"], [*COUNT[:6]]]
)
def test_usage_has_code_2(folder, arguments):
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def _faulty(folder):
    """Files with a fault each, in the third record."""
    faults = {
        "size": lambda f: f["nodes/a.#size"].int64_list.value.__setitem__(0, 9),
        "index": lambda f: f["edges/e/f.#target"].int64_list.value.__setitem__(1, 7),
        "type": lambda f: f["edges/e/f.w"].int64_list.value.append(1),
        "absent": lambda f: f.pop("context/label"),
    }
    good = gnnkit.write_example(graph())
    for name, fault in faults.items():
        bad = tf.train.Example.FromString(good.SerializeToString())
        fault(bad.features.feature)
        write(name, good, good, bad, good)
    write("garbage", good, good, b"\x01no Example")
    write("empty")
    data = (folder / "in-00000-of-00002").read_bytes()
    (folder / "cut").write_bytes(data[:-9])
    (folder / "bad.pbtxt").write_text(SCHEMA.replace('target: "b"', 'target: "c"').replace("DT_DOUBLE", "DT_QINT8"))


ERRORS = {
    "size": (
        [*COUNT, "size"],
        "size, record 3: Node set `a`, feature `",  # Which one comes first is not said.
    ),
    "index": (
        [*SHOW, "index"],
        "index, record 3: Edge set `e/f`, #target: index 7 is outside of node set `b`, which has 1 nodes. "
        "Indices count from 0 within each example.",
    ),
    "type": (
        [*COUNT, "type"],
        "type, record 3: Edge set 'e/f', feature 'w' (edges/e/f.w): Data types don't match. Expected type: float32, "
        "actual type: int64.",
    ),
    "absent": (
        [*SHOW, "absent", "--batch-size", 2],
        "absent, record 3: Context, feature `label` (context/label): the number of values is 0, but shape [1] needs 1.",
    ),
    "garbage": ([*SHOW, "garbage", "--mode", "textproto"], "garbage, record 3 is no tf.train.Example."),
    "cut": ([*SHOW, "cut"], "cut is damaged or no TFRecord file: truncated record at "),
    "not a TFRecord file": ([*COUNT, "schema.pbtxt"], "schema.pbtxt is damaged or no TFRecord file: corrupted record"),
    "a folder": ([*COUNT, "."], ". cannot be read: Is a directory"),
    "no Examples": ([*COUNT, "empty"], "empty: there are no Examples in 1 file."),
    "no files": ([*COUNT, "none-*"], "No file matches 'none-*'. Give a path, a pattern such as 'train-*', or"),
    "a missing shard": ([*SHOW, "in@3"], "3 of the 3 files of 'in@3' do not exist, such as 'in-00000-of-00003'."),
    "no shards": ([*MAKE, "x@0"], "File name 'x@0': after '@' comes the number of shards, as in 'name@10'."),
    "no folder to write to": ([*MAKE, "no/x"], "no/x cannot be written: there is no folder 'no'. Make it first."),
    "a folder instead of a file": ([*MAKE, "."], ". cannot be written: "),
    "no schema": ([*MAKE[:3], "none", "--examples", "x"], "none cannot be read: No such file or directory."),
    "not a schema": ([*MAKE[:3], "in-00000-of-00002", "--examples", "x"], "in-00000-of-00002 is not a GraphSchema"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_one_line_and_have_code_1(folder, case):
    _faulty(folder)
    arguments, message = ERRORS[case]
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    assert f"Error: {message}" in result.stderr.splitlines()[-1]
    assert len(result.stderr.splitlines()) <= 2  # The other one says how far it came.


def test_all_errors_of_a_schema(folder):
    _faulty(folder)
    result = invoke(*MAKE[:3], "bad.pbtxt", "--examples", "x")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "Error: bad.pbtxt has 2 problems:"
    assert "Edge set 'e/f', feature 'w': dtype DT_QINT8 is not supported." in result.stderr
    assert "Edge set 'e/f': its target 'c' is no node set of the schema; there are ['a', 'b']." in result.stderr


def test_a_closed_pipe_ends_in_silence(folder, monkeypatch, capsys):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with monkeypatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(sys, "stdout", Closed())
        patch.setattr(sys, "stderr", sys.stderr)  # Restores what click puts there.
        main([*SHOW, "in@2"])
    assert end.value.code == 1
    assert capsys.readouterr().err == ""


def test_ctrl_c(folder, monkeypatch):
    from gnnkit.runner.cli import _example_files

    def interrupted(parser, batch):
        raise KeyboardInterrupt

    monkeypatch.setattr(_example_files, "parse", interrupted)
    result = invoke(*COUNT, "in@2")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "Stopped."
    assert not (folder / "out.pbtxt").exists()
