"""`gnnkit run` in processes of its own."""

import os
import subprocess
import sys

import pytest

CONFIG = """
seed: 1
model_dir: run
data:
  dataset: academic
  args: {num_papers: 240, num_authors: 120, num_institutions: 16, num_fields: 16, num_classes: 2, feature_dim: 8}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: split}
sampling: {sizes: [4, 3]}
features:
  node_sets:
    paper: {embedding: vector, year: number, title: {type: text_hash, buckets: 32, dim: 4}, venue: category}
    institution: {me: {type: id_embedding, dim: 4}}
  edge_sets: {written_by: {position: number}}
model: {type: vanilla_mpnn, units: 16, message_dim: 16, num_layers: 2, dropout_rate: 0.2}
training: {epochs: 4, batch_size: 32, learning_rate: 0.01}
attribution: {steps: 16, num_examples: 8, top: 3}
"""


@pytest.fixture
def gnnkit_run(tmp_path, monkeypatch):
    """Starts `gnnkit run config.yaml` with further arguments in the folder of the config: `start(*arguments)`."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONWARNINGS", "TF_CPP_MIN_LOG_LEVEL")}
    # A warning would end the command; where the tests run in the background, SIGINT is ignored by all they start.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program += "from gnnkit.runner.cli import main; main()"
    command = [sys.executable, "-W", "error::UserWarning:gnnkit", "-c", program]
    started = []

    def start(*arguments, config="config.yaml", **options):
        process = subprocess.Popen(
            [*command, "run", config, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, **options},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        process.stderr.close()
