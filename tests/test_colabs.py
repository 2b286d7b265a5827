"""The programs in colabs/ run, on less data than they do by themselves."""

import importlib.util
import json
import linecache
import pathlib

import pytest

from gnnkit.runner.config import loads
from gnnkit.runner.pipeline import execute

COLABS = pathlib.Path(__file__).parents[1] / "colabs"


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"colab_{name}", COLABS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(name: str) -> list[str]:
    """The code of a notebook, cell by cell."""
    document = json.loads((COLABS / f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]


def run_cells(name: str) -> dict:
    """Runs a notebook's cells in order; what they leave behind."""
    scope = {"__name__": "__main__"}
    for number, text in enumerate(cells(name)):
        file = f"<{name}, cell {number}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)  # AutoGraph reads the source.
        exec(compile(text, file, "exec"), scope)
    return scope


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1200)
def test_ogbn_mag_style_e2e():
    scope = run_cells("ogbn_mag_style_e2e")
    assert scope["logits"].shape == (300, 6)
    assert scope["accuracy"] > 0.5  # Of papers in six venues, by the exported model, in a process of its own.


@pytest.mark.slow
def test_graph_classification():
    metrics = load("graph_classification").main(num_train=600, epochs=20, verbose=0)
    assert metrics["binary_accuracy"] > 0.8  # Half of the molecules are toxic.


@pytest.mark.slow
def test_molecules_from_a_config(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(COLABS))
    load("molecules").main(tmp_path / "molecules", 600)
    text = (COLABS / "configs" / "molecules.yaml").read_text()
    config = loads(
        text, [f"model_dir={tmp_path / 'run'}", "export.enabled=false"], file=str(tmp_path / "molecules.yaml")
    )
    assert execute(config, quiet=True).metrics["test"]["accuracy"] > 0.8  # Half of the molecules are toxic.


@pytest.mark.slow
def test_multi_task():
    metrics = load("multi_task").main(verbose=0)
    assert metrics["label_sparse_categorical_accuracy"] > 0.25  # Six classes.
    assert {"label_loss", "dgi_predictions_loss", "vicreg_loss", "dgi_predictions_binary_accuracy"} <= set(metrics)


@pytest.mark.slow
def test_shortest_path():
    metrics = load("shortest_path").main(steps=150, verbose=0)
    assert metrics["traces"] == 1
    assert metrics["node_accuracy"] > metrics["node_accuracy_of_a_guess"] + 0.05


@pytest.mark.slow
@pytest.mark.long
def test_link_prediction():
    metrics = load("link_prediction").main(num_papers=1000, epochs=6, verbose=0)
    assert metrics["classes"]["sparse_categorical_accuracy"] > 0.27  # Six classes.
    assert metrics["links"]["mrr"] > 0.48  # A guess among five gets 0.457.


@pytest.mark.slow
def test_explain_and_save():
    metrics = load("explain_and_save").main(num_villages=200, epochs=6, verbose=0)
    assert metrics["accuracy"] > 0.7
    assert metrics["completeness_error"] < 0.01
    assert max(metrics[way] for way in ("served_off_by", "keras_file_off_by", "weights_off_by")) < 1e-5


def test_all_begin_with_the_migration():
    for path in COLABS.glob("*.py"):
        assert "import gnnkit as tfgnn\n" in path.read_text(), path
    for path in COLABS.glob("*.ipynb"):
        assert cells(path.stem)[0].startswith("import gnnkit as tfgnn"), path
