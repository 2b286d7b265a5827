"""Whole runs by the command line, in processes of their own."""

import json
import signal
import time
from pathlib import Path

import pytest

LEAN = ["--set", "export.enabled=false", "--set", "attribution.enabled=false", "--set", "training.tensorboard=false"]


def finished(process):
    """Standard output and error, and the summary in the last line of the former, of a run that has to succeed."""
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    return out, err, json.loads(out.splitlines()[-1])


@pytest.mark.slow
def test_json_is_all_of_standard_output(gnnkit_run):
    values = ["training.epochs=1", "seed=7", "sampling={sizes: [2]}", "model.num_layers=1"]
    values += ["features={node_sets: {paper: {year: number}}}"]
    overrides = [word for value in values for word in ("--set", value)]
    out, err, summary = finished(gnnkit_run("--json", *overrides, *LEAN))
    assert out.count("\n") == 1
    assert 0 <= summary["metrics"]["valid"]["accuracy"] <= 1
    assert 0 <= summary["metrics"]["test"]["accuracy"] <= 1
    assert (summary["seed"], summary["model_dir"], summary["epochs"]) == (7, "run", 1)
    assert json.loads(Path("run/summary.json").read_text())["metrics"] == summary["metrics"]
    # Progress, and nothing of TensorFlow's own.
    lines = [line.split(": ")[0] for line in err.splitlines()]
    assert set(lines) == {"Reading the graph", "Indexing the edges", "Training", "Evaluating"}, err


@pytest.mark.slow
def test_the_same_config_and_seed_give_the_same_metrics(gnnkit_run):
    found = [
        finished(gnnkit_run("--json", "--set", f"model_dir=run{i}", "--set", f"runtime.threads={threads}"))[2]
        for i, threads in enumerate([0, 0, 1])
    ]
    history = [json.loads(Path(f"run{i}/summary.json").read_text())["history"] for i in range(3)]
    for other in (1, 2):
        assert found[other]["metrics"] == found[0]["metrics"]
        assert found[other]["attribution"] == found[0]["attribution"]
        assert history[other] == history[0]
    other = finished(gnnkit_run("--json", "--quiet", "--set", "seed=2", *LEAN))
    assert other[1] == ""
    assert other[2]["metrics"] != found[0]["metrics"]


@pytest.mark.slow
@pytest.mark.parametrize("sampling", ["{sizes: [4, 3]}", "none"])
def test_a_killed_run_goes_on(gnnkit_run, sampling):
    arguments = ["--json", "--set", "training.epochs=12", "--set", f"sampling={sampling}", *LEAN]
    if sampling == "none":
        arguments += ["--set", "model.receiver_tag=source", "--set", "training.epochs=400"]
    *_, whole = finished(gnnkit_run(*arguments, "--set", "model_dir=whole"))
    assert whole["resumed_from"] == 0

    process = gnnkit_run(*arguments)
    deadline = time.monotonic() + 200
    while not list(Path("run").glob("backup*/state.npz")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not Path("run/summary.json").exists()

    _, err, summary = finished(gnnkit_run(*arguments))
    assert 0 < summary["resumed_from"] < summary["epochs"]
    assert f"note: Training goes on after epoch {summary['resumed_from']} of " in err
    assert summary["epochs"] == whole["epochs"]
    assert summary["best_epoch"] == whole["best_epoch"]
    assert summary["metrics"] == whole["metrics"]
    history = [json.loads(Path(folder, "summary.json").read_text())["history"] for folder in ("run", "whole")]
    assert history[0] == history[1]
    # A third run with the same command starts anew.
    assert not list(Path("run").glob("backup*"))


@pytest.mark.slow
def test_ctrl_c_says_so(gnnkit_run):
    process = gnnkit_run("--set", "training.epochs=1000", *LEAN)
    deadline = time.monotonic() + 200
    while not list(Path("run").glob("backup*/state.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert err.endswith("Stopped.\n")
