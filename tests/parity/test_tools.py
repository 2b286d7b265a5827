"""The commands against the tools of tensorflow-gnn, which run in a process of their own: one of them needs Beam."""

import contextlib
import json
import subprocess
import sys

import pytest
import tensorflow as tf
from click.testing import CliRunner
from google.protobuf import text_format

from gnnkit.runner.cli._main import cli
from gnnkit.schemas import GraphTensorStats

SCHEMA = """
context { features { key: "label" value { dtype: DT_INT64 } }
          features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } } } } }
node_sets { key: "a" value {
  features { key: "n" value { dtype: DT_INT32 } }
  features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 2 } } } }
  features { key: "r" value { dtype: DT_INT64 shape { dim { size: -1 } } } }
  features { key: "flag" value { dtype: DT_BOOL } }
} }
node_sets { key: "latent" value {} }
edge_sets { key: "e" value { source: "a" target: "latent" features { key: "w" value { dtype: DT_DOUBLE } } } }
"""

TOOLS = """
import sys
from absl import flags
import tensorflow_gnn as tfgnn
from tensorflow_gnn.tools import generate_training_data, print_training_data, sampled_stats

sampled_stats.run_pipeline("ours.tfrecord", "tfrecord", tfgnn.read_schema("schema.pbtxt"), 10, "stats.pbtxt", "direct")
generate_training_data.generate_training_data("schema.pbtxt", "theirs.tfrecord", "tfrecord", 5)
print_training_data.define_flags()
for mode in ("json", "textproto"):
    flags.FLAGS(["print", "--graph_schema=schema.pbtxt", "--examples=ours.tfrecord", "--num_examples=1",
                 "--mode=" + mode])
    sys.stdout = open(mode, "w")
    print_training_data.app_main(None)
    sys.stdout.close()
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tfgnn, tmp_path_factory, clean_environment):
    """A folder with the schema, our Examples and what their tools make of both."""
    folder = tmp_path_factory.mktemp("tools")
    (folder / "schema.pbtxt").write_text(SCHEMA)
    ours("examples generate --examples ours.tfrecord --num-examples 13 --seed 3", folder)
    done = subprocess.run(
        [sys.executable, "-c", TOOLS], cwd=folder, env=clean_environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder


def ours(line, folder):
    with contextlib.chdir(folder):
        result = CliRunner().invoke(cli, [*line.split(), "--graph_schema=schema.pbtxt"])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_stats(folder):
    ours("examples stats --input_pattern ours.tfrecord --output_filename our_stats.pbtxt", folder)
    found = []
    for file in ("our_stats.pbtxt", "stats.pbtxt"):
        proto = text_format.Parse((folder / file).read_text(), GraphTensorStats())
        found.append({(s.set_type, s.set_name, s.feature_name): s.stats for s in proto.feature_stats})
    mine, theirs = found
    assert set(mine) == set(theirs)
    for key, expected in theirs.items():
        stats = mine[key]
        assert (stats.min, stats.max, stats.median) == (expected.min, expected.max, expected.median), key
        assert list(stats.quantiles) == list(expected.quantiles), key
        assert stats.HasField("mean") and stats.HasField("std")
        assert not expected.HasField("mean") and not expected.HasField("std")  # B24


def test_their_random_data(folder):
    """Ours reads theirs; the graphs have the same form."""
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(folder / "theirs.tfrecord"))]
    assert len(records) == 5
    lines = ours("examples print --examples theirs.tfrecord --mode json", folder).splitlines()
    mine = [tf.train.Example.FromString(r.numpy()) for r in tf.data.TFRecordDataset(str(folder / "ours.tfrecord"))]
    assert len(lines) == 5
    assert set(tf.train.Example.FromString(records[0]).features.feature) == set(mine[0].features.feature)


def test_printed_values(folder):
    (line,) = ours("examples print --examples ours.tfrecord --mode json --num_examples 1", folder).splitlines()
    mine, theirs = json.loads(line), json.loads((folder / "json").read_text())
    for kind in ("node_sets", "edge_sets"):  # TF-GNN prints features only.
        for piece in mine[kind].values():
            for name in [name for name in piece if name.startswith("#")]:
                del piece[name]
    assert float32(mine) == float32(theirs)


def test_printed_protos(folder):
    texts = ours("examples print --examples ours.tfrecord --mode textproto --num_examples 1", folder)
    mine, theirs = (text_format.Parse(text, tf.train.Example()) for text in (texts, (folder / "textproto").read_text()))
    assert mine == theirs


def float32(values):
    if isinstance(values, dict):
        return {key: float32(value) for key, value in values.items()}
    if isinstance(values, list):
        return [float32(value) for value in values]
    return tf.constant(values).numpy() if isinstance(values, float) else values


@pytest.mark.parametrize("change", [("", ""), ('target: "latent"', 'target: "b"')])
def test_codes_of_schema_validation(folder, clean_environment, tmp_path, change):
    file = tmp_path / "schema.pbtxt"
    file.write_text(SCHEMA.replace(*change))
    command = "from tensorflow_gnn.tools import validate_graph_schema as tool; tool.main()"
    line = [sys.executable, "-c", command, f"--graph_schema={file}"]
    theirs = subprocess.run(line, env=clean_environment, capture_output=True)
    result = CliRunner().invoke(cli, ["schema", "validate", f"--graph_schema={file}"])
    assert result.exit_code == theirs.returncode == (1 if any(change) else 0)
