"""A config on several workers: the same command on each, and one of them writes to `model_dir`."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import load
from gnnkit.runner.pipeline import execute

SCHEMA = """
node_sets { key: "paper" value { metadata { filename: "paper.csv" } features { key: "day" value { dtype: DT_INT64 } }
  features { key: "label" value { dtype: DT_INT64 } } features { key: "part" value { dtype: DT_STRING } } } }
edge_sets { key: "cites" value { source: "paper" target: "paper" metadata { filename: "cites.csv" } } }
"""

MAIN = "from gnnkit.runner.cli import main; main()"

CONFIG = """
model_dir: out
data: {schema: schema.pbtxt}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: part, test: []}
features: {node_sets: {paper: {day: number}}}
model: {type: vanilla_mpnn, num_layers: 1}
training: {epochs: 2, batch_size: 4, tensorboard: false}
sampling: {hops: [{edge_set: cites, size: 3}]}
attribution: {enabled: false}
runtime: {strategy: multi_worker_mirrored}
"""


@pytest.fixture
def config(tmp_path):
    rng = np.random.default_rng(0)
    # 25 papers to train on: one of two workers has a batch more than the other, which must not leave it waiting.
    papers = [f"p{i},{i},{i % 2},{'train' if i < 25 else 'valid'}" for i in range(33)]
    cites = [f"p{i},p{j}" for i in range(33) for j in rng.integers(33, size=4)]
    (tmp_path / "paper.csv").write_text("\n".join(["id,day,label,part", *papers]))
    (tmp_path / "cites.csv").write_text("\n".join(["source,target", *cites]))
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path / "config.yaml"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_workers(config, free_ports):
    cluster = {"worker": [f"localhost:{port}" for port in free_ports()]}
    output = f"model_dir={config.parent / 'out'}"
    command = [sys.executable, "-c", MAIN, "run", str(config), "--quiet", "--json", "--set", output]
    workers = []
    for index in range(2):
        task = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        environment = {**os.environ, "TF_CONFIG": task, "PYTHONPATH": os.pathsep.join(sys.path)}
        workers.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    try:
        outs = [worker.communicate(timeout=350) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    summaries = []
    for worker, (out, err) in zip(workers, outs, strict=True):
        assert worker.returncode == 0, err
        summaries.append(json.loads(out.splitlines()[-1]))
    # They trained one model, and each evaluated it on all that is there.
    assert summaries[0]["metrics"]["valid"] == pytest.approx(summaries[1]["metrics"]["valid"], rel=1e-4)
    assert [summary["epochs"] for summary in summaries] == [2, 2]
    folder = config.parent / "out"
    assert (folder / "model.weights.h5").is_file() and (folder / "report.html").is_file()
    assert (folder / "workers" / "worker-1" / "summary.json").is_file()


def test_too_late(config, monkeypatch):
    """A process that has used TensorFlow cannot become one of several workers."""
    tf.constant(0)
    cluster = {"worker": ["localhost:1", "localhost:2"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}}))
    with pytest.raises(
        RunError, match=r"multi_worker_mirrored must be set up before TensorFlow computes.*`gnnkit run`"
    ):
        execute(load(config, [f"model_dir={config.parent / 'late'}"]), quiet=True)
