"""Several workers on this machine, and strategies that need a cluster."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from gnnkit import runner

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture
def start(tmp_path, examples):
    """Starts a worker: `start(folder, ports, index, *more)`."""
    for i in range(2):
        with tf.io.TFRecordWriter(str(tmp_path / f"part-{i}")) as writer:
            for example in examples[i:32:2]:
                writer.write(example)
    processes = []

    def start(folder, ports, index, *more):
        command = [sys.executable, "tests/runner/trainers/workers.py", "tests/runner/conftest.py", tmp_path / folder]
        process = subprocess.Popen(
            [*map(str, command), f"{tmp_path}/part-*", ",".join(map(str, ports)), str(index), *map(str, more)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()


def _history(out):
    return _line("HISTORY", out)


def _line(word, out):
    (line,) = [line for line in out.splitlines() if line.startswith(word)]
    return json.loads(line.removeprefix(word))


def _assert_same_history(outs, expected):
    for out in outs:
        for name, values in expected.items():
            np.testing.assert_allclose(_history(out)[name], values, rtol=1e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_workers_train_as_one_does(start, free_ports):
    """The same global batch, cut in two. Afterwards each of them evaluates all examples, on its own."""
    one = start("one", [], 0).communicate(timeout=400)[0]
    ports = free_ports()
    workers = [start("two", ports, i) for i in range(2)]
    outs = [worker.communicate(timeout=400)[0] for worker in workers]
    _assert_same_history(outs, _history(one))
    for out in outs:
        assert _line("EVALUATION", out) == pytest.approx(_line("EVALUATION", one), rel=1e-4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_training_goes_on_after_a_worker_was_killed(start, free_ports):
    """The second try begins in the midst of the second epoch."""
    expected = _history(start("one", [], 0).communicate(timeout=300)[0])
    ports = free_ports()
    first, second = start("two", ports, 0), start("two", ports, 1, 1)
    second.communicate(timeout=300)
    assert second.returncode == -signal.SIGKILL
    for line in first.stdout:
        if line.startswith("STEP 1 3"):
            break
    first.kill()
    first.communicate()
    ports = free_ports()
    workers = [start("two", ports, i) for i in range(2)]
    outs = [worker.communicate(timeout=300)[0] for worker in workers]
    assert all("EPOCH 1" in out and "EPOCH 0" not in out for out in outs)
    _assert_same_history(outs, expected)


def test_no_tpu_and_no_parameter_servers(monkeypatch):
    with pytest.raises(ValueError, match="TPU"):
        runner.TPUStrategy()
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match=r"the cluster has no parameter servers, only \[\]. Set the environment"):
        runner.ParameterServerStrategy()


def test_variables_are_cut_among_parameter_servers(monkeypatch):
    """Without a connection: servers of this process' own cluster do not exist, the layout of variables can be seen."""
    cluster = {"chief": ["localhost:1"], "worker": ["localhost:2"], "ps": ["localhost:3", "localhost:4"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "chief", "index": 0}}))
    seen = {}

    def init(self, resolver, variable_partitioner=None):
        seen.update(resolver=resolver, partitioner=variable_partitioner)

    monkeypatch.setattr(tf.distribute.ParameterServerStrategy, "__init__", init)
    strategy = runner.ParameterServerStrategy(min_shard_bytes=64)
    assert isinstance(strategy, tf.distribute.ParameterServerStrategy)
    assert seen["partitioner"](tf.TensorShape([64, 2]), tf.float32) == [2, 1]
    assert seen["resolver"].cluster_spec().num_tasks("ps") == 2
    runner.ParameterServerStrategy()
    assert seen["partitioner"] is None
