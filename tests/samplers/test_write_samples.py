import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.datasets import academic_graph
from gnnkit.io import create_graph_spec_from_schema_pb, parse_example
from gnnkit.samplers import GraphStore, dataset, make_sampling_spec_tree, write_samples, write_tables
from gnnkit.schemas import graph_schema_pb2

PROGRAM = """
import os, signal, sys
from gnnkit.datasets import academic_graph
from gnnkit.samplers import GraphStore, make_sampling_spec_tree, write_samples

def progress(done, total, what):
    if done > 350:
        os.kill(os.getpid(), signal.SIGKILL)

store = GraphStore.from_tables(academic_graph(num_papers=700, num_authors=600))
write_samples(store, make_sampling_spec_tree(store, "paper", sample_sizes=[4]), sys.argv[1], seed=3, progress=progress)
"""


@pytest.fixture(scope="module")
def store():
    return GraphStore.from_tables(academic_graph(num_papers=700, num_authors=600))


@pytest.fixture(scope="module")
def spec(store):
    return make_sampling_spec_tree(store, "paper", sample_sizes=[4])


@pytest.fixture(scope="module")
def written(store, spec, tmp_path_factory):
    output = tmp_path_factory.mktemp("samples") / "a@7"
    return write_samples(store, spec, output, seed=3)


def read(report):
    return list(tf.data.TFRecordDataset(list(report.files)).as_numpy_iterator())


def contents(report):
    return [pathlib.Path(file).read_bytes() for file in report.files]


def test_examples_hold_the_sampled_graphs(store, spec, written):
    assert written.examples == written.written == 700 and written.kept == 0 and len(written.files) == 7
    assert written.bytes == sum(map(len, contents(written)))
    records = read(written)
    graph_spec = create_graph_spec_from_schema_pb(store.tables.schema)
    parsed = parse_example(graph_spec, records[96:160]).merge_batch_to_components()
    ids = {"field": ["name"], "author": ["name", "first_year"], "institution": ["name", "country"]}
    features = {"paper": list(store.node_features("paper")), "written_by": ["position"], **ids}
    [expected] = dataset(store, spec, np.arange(96, 160), batch_size=64, seed=3, features=features)
    for kind in ("node_sets", "edge_sets"):
        for name, piece in getattr(expected, kind).items():
            other = getattr(parsed, kind)[name]
            assert other.sizes.numpy().tolist() == piece.sizes.numpy().tolist()
            for feature, value in piece.features.items():
                assert other[feature].numpy().tolist() == value.numpy().tolist()
    edges, other = expected.edge_sets["cites"].adjacency, parsed.edge_sets["cites"].adjacency
    assert other.source.numpy().tolist() == edges.source.numpy().tolist()
    assert other.target.numpy().tolist() == edges.target.numpy().tolist()
    assert written.items["cites"] == sum(
        int(example.features.feature["edges/cites.#size"].int64_list.value[0])
        for example in map(tf.train.Example.FromString, records)
    )


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_number_of_threads_and_files_does_not_matter(store, spec, written, tmp_path, threads):
    report = write_samples(store, spec, tmp_path / f"b@{threads + 1}", seed=3, num_threads=threads)
    assert read(report) == read(written)
    assert read(write_samples(store, spec, tmp_path / "c", seed=4)) != read(written)


def test_the_order_of_the_seeds_and_a_saved_store_do_not_matter(store, spec, written, tmp_path):
    store.save(tmp_path / "store")
    opened = GraphStore.open(tmp_path / "store")
    backwards = write_samples(opened, spec, tmp_path / "d@2", np.arange(700)[::-1], seed=3)
    assert read(backwards)[::-1] == read(written)


def test_a_killed_call_goes_on(store, spec, written, tmp_path):
    output = tmp_path / "a@7"
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(output)], capture_output=True, text=True, timeout=200)
    assert done.returncode == -signal.SIGKILL, done.stderr
    whole = sorted(path.name for path in tmp_path.glob("a-*"))
    assert 0 < len(whole) < 7
    times = {name: os.stat(tmp_path / name).st_mtime_ns for name in whole}
    report = write_samples(store, spec, output, seed=3)
    assert report.kept == len(whole) and report.written == 700 - 100 * len(whole)
    assert {name: os.stat(tmp_path / name).st_mtime_ns for name in whole} == times
    assert contents(report) == contents(written)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*(pathlib.Path(file).name for file in report.files), "a.samples.json"]
    )
    # A file in the middle that is gone is made again, and no other.
    os.remove(report.files[3])
    again = write_samples(store, spec, output, seed=3)
    assert again.kept == 6 and again.written == 100 and contents(again) == contents(written)


def test_other_samples_are_not_mixed_in(store, spec, tmp_path):
    write_samples(store, spec, tmp_path / "e@2", np.arange(40))
    for arguments in ({"seeds": np.arange(41)}, {"seeds": np.arange(40), "seed": 1}):
        with pytest.raises(FileExistsError, match="there are samples of another graph, spec, seed or list of seeds"):
            write_samples(store, spec, tmp_path / "e@2", **arguments)
    report = write_samples(store, spec, tmp_path / "e@2", np.arange(41), overwrite=True)
    assert report.kept == 0 and len(read(report)) == 41
    (tmp_path / "f").write_text("my notes")
    with pytest.raises(FileExistsError, match="f exists: there are samples that no call of this has made"):
        write_samples(store, spec, tmp_path / "f")
    with pytest.raises(ValueError, match="there is no folder .*nowhere"):
        write_samples(store, spec, tmp_path / "nowhere" / "g")
    with pytest.raises(ValueError, match="with joint=True there is one graph for many"):
        write_samples(store, spec, tmp_path / "h", joint=True)


def run(*arguments):
    from click.testing import CliRunner

    from gnnkit.runner.cli._main import cli

    return CliRunner().invoke(cli, ["sample", *map(str, arguments)])


@pytest.fixture(scope="module")
def files(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    schema = write_tables(store.tables, folder)
    spec = folder / "spec.pbtxt"
    spec.write_text(str(make_sampling_spec_tree(store, "paper", sample_sizes=[4])))
    return schema, spec


def test_the_command_with_a_table_of_seeds(files, tmp_path):
    schema, spec = files
    (tmp_path / "seeds.csv").write_text("id,comment\nP7,x\nP3,y\nP7,z\n")
    options = ["--schema", schema, "--spec", spec, "--seeds", tmp_path / "seeds.csv", "--output", tmp_path / "s@2"]
    done = run(*options, "--json", "--quiet")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["examples"] == summary["written"] == 3 and len(summary["files"]) == 2
    records = list(tf.data.TFRecordDataset(summary["files"]).as_numpy_iterator())
    titles = [tf.train.Example.FromString(r).features.feature["nodes/paper.title"].bytes_list.value[0] for r in records]
    tables = academic_graph(num_papers=700, num_authors=600)
    expected = tables.node_sets["paper"].features["title"]
    assert titles == [expected[7], expected[3], expected[7]]
    again = run(*options)
    assert again.exit_code == 0 and "3 examples in 2 file(s), 2 of them kept" in again.output
    (tmp_path / "seeds.csv").write_text("id\nP7\nP7000\n")
    done = run(*options)
    assert done.exit_code == 1 and "seeds.csv, column 'id': 1 id(s) are not in node set 'paper'" in done.output


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Give either CONFIG, or --schema and --spec"),
        (["c.yaml", "--schema", "s"], "Give either CONFIG, or --schema and --spec"),
        (["--schema", "s"], "--schema needs --spec"),
        (["c.yaml", "--spec", "s"], "--spec goes with --schema"),
        (["c.yaml", "--part", "train", "--seeds", "s"], "Give either --part or --seeds"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, message):
    done = run(*arguments, "--output", "x")
    assert done.exit_code == 2 and message in done.output


def test_the_command_with_a_config(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(
        "model_dir: x\ndata: {dataset: academic, args: {num_papers: 300, num_authors: 300}}\n"
        "task: {type: node_classification, node_set: paper, label: label}\nsplit: {feature: split}\n"
        "sampling: {sizes: [3]}\n"
    )
    done = run(config, "--part", "valid", "--output", tmp_path / "valid", "--seed", 1)
    assert done.exit_code == 0, done.output
    tables = academic_graph(num_papers=300, num_authors=300)
    count = int((tables.node_sets["paper"].features["split"] == b"valid").sum())
    assert f"{count} examples in 1 file(s)" in done.output
    records = list(tf.data.TFRecordDataset(str(tmp_path / "valid")).as_numpy_iterator())
    spec = gnnkit.create_graph_spec_from_schema_pb(tables.schema)
    graph = gnnkit.parse_example(spec, records).merge_batch_to_components()
    first = np.cumsum([0, *graph.node_sets["paper"].sizes.numpy()[:-1]])
    assert set(graph.node_sets["paper"]["split"].numpy()[first]) == {b"valid"} and len(first) == count
    done = run(config, "--set", "sampling=none", "--output", tmp_path / "none")
    assert done.exit_code == 2 and "`none` is no sampling" in done.output


def test_tensorflow_gnn_reads_the_examples(store, written):
    tfgnn = pytest.importorskip("tensorflow_gnn")
    schema = tfgnn.GraphSchema.FromString(graph_schema_pb2.GraphSchema.SerializeToString(store.tables.schema))
    spec = tfgnn.create_graph_spec_from_schema_pb(schema)
    theirs = tfgnn.parse_example(spec, tf.constant(read(written)[:20])).merge_batch_to_components()
    ours = parse_example(create_graph_spec_from_schema_pb(store.tables.schema), read(written)[:20])
    ours = ours.merge_batch_to_components()
    assert theirs.node_sets["author"]["name"].numpy().tolist() == ours.node_sets["author"]["name"].numpy().tolist()
    source = theirs.edge_sets["written_by"].adjacency.source.numpy().tolist()
    assert source == ours.edge_sets["written_by"].adjacency.source.numpy().tolist()
