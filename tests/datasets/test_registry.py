import pathlib
import subprocess
import sys

import numpy as np
import pytest

from gnnkit.datasets import available, cora, load

DATA = pathlib.Path(__file__).parents[3] / "shared/data"


def tiny_cora(path):
    arrays = {
        "feature_indptr": [0, 2, 3, 3],
        "feature_indices": [0, 4, 1],
        "num_features": 5,
        "labels": [1, 0, 1],
        "source": [0, 1],
        "target": [1, 0],
        "train": [0],
        "valid": [1],
        "test": [],
    }
    np.savez(path, **{name: np.array(value, np.int64) for name, value in arrays.items()})


def test_cora_layout(tmp_path, monkeypatch):
    tiny_cora(tmp_path / "cora.npz")
    monkeypatch.setenv("GNNKIT_DATA", str(tmp_path))
    for tables in (cora(tmp_path / "cora.npz"), cora(tmp_path), cora(), load("cora")):
        features = tables.node_sets["paper"].features
        assert features["words"].tolist() == [[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
        assert features["words"].dtype == np.float32 and features["label"].tolist() == [1, 0, 1]
        assert features["split"].tolist() == [b"train", b"valid", b"none"]
        assert tables.edge_sets["cites"].source.tolist() == [0, 1]


def test_cora_errors(tmp_path, monkeypatch):
    monkeypatch.setenv("GNNKIT_DATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(
        FileNotFoundError, match="looked for .*cora.npz, .*home/.cache/gnnkit/cora.npz. Give path=.*GNNKIT_DATA"
    ):
        cora()
    with pytest.raises(FileNotFoundError, match="looked for nowhere.npz"):
        cora("nowhere.npz")
    np.savez(tmp_path / "cora.npz", labels=np.zeros(1))
    with pytest.raises(ValueError, match="lacks the arrays .*'feature_indptr'"):
        cora()


@pytest.mark.skipif(not (DATA / "cora.npz").exists(), reason="needs ../shared/data")
def test_cora():
    tables = cora(DATA)
    paper = tables.node_sets["paper"]
    assert paper.features["words"].shape == (2708, 1433) and set(paper.features["label"]) == set(range(7))
    counts = {name: int((paper.features["split"] == name).sum()) for name in (b"train", b"valid", b"test")}
    assert counts == {b"train": 140, b"valid": 500, b"test": 1000}
    assert tables.edge_sets["cites"].num_edges == 10556


def test_names():
    assert available() == ["academic", "cora"]
    with pytest.raises(
        ValueError, match="There is no data set 'academc'. Did you mean 'academic'.* Known: academic, cora"
    ):
        load("academc")
    with pytest.raises(ValueError, match="'academic' has no argument 'num_paper'. Did you mean 'num_papers'"):
        load("academic", num_paper=3)


def test_imports_are_light():
    code = (
        "import sys, gnnkit.datasets, gnnkit.samplers; gnnkit.datasets.load; gnnkit.samplers.GraphTables;"
        "print('tensorflow' in sys.modules, 'numba' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False"]
