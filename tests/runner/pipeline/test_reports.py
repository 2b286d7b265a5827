"""Progress and the summary."""

import dataclasses
import io
import json
import math

import pytest
from rich.console import Console

from gnnkit.runner.pipeline import (
    ConsoleReporter,
    FeatureScore,
    RunSummary,
    SilentReporter,
    make_reporter,
    top_features,
)
from gnnkit.runner.pipeline._callbacks import Progress

SUMMARY = RunSummary(
    name="demo",
    model_dir="runs/demo",
    seed=3,
    metrics={"valid": {"accuracy": 0.75, "loss": 0.5}, "test": {"accuracy": 0.625}},
    epochs=9,
    best_epoch=4,
    resumed_from=2,
    graph={"nodes": {"paper": 1200}, "edges": {"cites": 30}, "split": {"train": 700}},
    files={"model": "runs/demo/export"},
    seconds={"read": 1.23456, "train": 10.0},
    attribution=top_features({"paper.year": 3.0, "paper.venue": 1.0, "author.age": 0.5}, 2),
    completeness_error=math.nan,
    notes=("2 rows were left out.",),
)


def test_json_is_one_line_with_the_promised_keys():
    text = SUMMARY.to_json()
    assert "\n" not in text
    values = json.loads(text)
    assert values["metrics"]["test"]["accuracy"] == 0.625
    assert values["metrics"]["valid"]["accuracy"] == 0.75
    assert (values["seed"], values["model_dir"], values["epochs"]) == (3, "runs/demo", 9)
    assert values["attribution"]["top"][0] == {"feature": "paper.year", "score": 3.0, "share": pytest.approx(2 / 3)}
    assert values["attribution"]["completeness_error"] is None
    assert values["seconds"] == {"read": 1.235, "train": 10.0}
    assert values["graph"]["split"] == {"train": 700}


def test_tables():
    out = io.StringIO()
    SUMMARY.show(Console(file=out, width=100))
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert "paper nodes 1,200" in lines
    assert "in train 700" in lines
    assert "Metrics (seed 3, 9 epochs, weights of epoch 4, resumed after epoch 2)" in lines
    assert "part accuracy loss" in lines
    assert "test 0.6250" in lines
    assert any(line.startswith("paper.year 66.7% █") for line in lines)
    assert "model runs/demo/export" in lines
    assert any("2 rows were left out." in line for line in lines)


def test_top_features_of_nothing():
    assert top_features({}, 3) == ()
    assert top_features({"a.b": 0.0}, 3) == (FeatureScore(feature="a.b", score=0.0, share=0.0),)
    RunSummary.show(SUMMARY, Console(file=io.StringIO()))


def test_lines_where_there_is_no_terminal():
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out, width=100), every=0.0)
    with reporter.stage("read", "Reading tables", total=2) as advance:
        advance(1, detail="paper")
    reporter.note("careful")
    lines = out.getvalue().splitlines()
    assert lines[0] == "Reading tables: 1 of 2; paper"
    assert lines[1].startswith("Reading tables: done in ")
    assert lines[2] == "note: careful"
    assert reporter.seconds["read"] >= 0


def test_bars_on_a_terminal():
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out, width=120, force_terminal=True))
    with reporter.stage("train", "Training") as advance:
        advance(3, 5, "accuracy 0.5")
    assert "3/5" in out.getvalue()
    assert "accuracy 0.5" in out.getvalue()


def test_a_bar_without_an_end_shows_no_count():
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out, width=120, force_terminal=True))
    with reporter.stage("export", "Exporting the model"):
        pass
    assert "Exporting the model" in out.getvalue()
    assert "0/" not in out.getvalue()


def test_training_is_shown_by_steps():
    seen, notes = [], []
    callback = Progress(
        lambda *args: seen.append(args), notes.append, epochs=3, steps=2, monitor="val_sparse_categorical_accuracy"
    )
    callback.on_epoch_begin(1)
    callback.on_train_batch_end(0, {"loss": 0.5})
    callback.on_train_batch_end(1, {"loss": 0.25})
    callback.on_epoch_end(1, {"loss": 0.25, "val_sparse_categorical_accuracy": 0.75})
    callback.on_train_end()
    assert notes == ["Training goes on after epoch 1 of 3, where it was stopped."]
    assert seen == [
        (2, 6, "building the first step"),
        (3, 6, "epoch 2/3, loss 0.5000"),
        (4, 6, "epoch 2/3, loss 0.2500"),
        (4, 6, "epoch 2/3, loss 0.2500, valid accuracy 0.7500"),
        (4, 4, "epoch 2/3, loss 0.2500, valid accuracy 0.7500"),
    ]


def test_metrics_that_say_the_same_are_shown_once():
    out = io.StringIO()
    metrics = {"test": {"loss": 0.5, "crossentropy": 0.5, "accuracy": 1.0}}
    dataclasses.replace(SUMMARY, metrics=metrics, completeness_error=0.004).show(Console(file=out, width=100))
    assert "crossentropy" not in out.getvalue()
    assert "(integrated gradients, complete up to 0.4%)" in out.getvalue()
    out.truncate(0)
    metrics["test"]["loss"] = 0.75
    dataclasses.replace(SUMMARY, metrics=metrics).show(Console(file=out, width=100))
    assert "crossentropy" in out.getvalue()


def test_a_stage_that_fails_says_so():
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out))
    with pytest.raises(RuntimeError), reporter.stage("train", "Training"):
        raise RuntimeError
    assert out.getvalue().startswith("Training: stopped in ")


def test_quiet(capsys):
    reporter = make_reporter(quiet=True)
    assert isinstance(reporter, SilentReporter)
    with reporter.stage("read", "Reading", 3) as advance:
        advance(1)
    reporter.note("x")
    assert reporter.seconds["read"] >= 0
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_standard_error(capsys):
    with make_reporter().stage("read", "Reading"):
        pass
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Reading: done" in captured.err
