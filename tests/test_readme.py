"""The examples of the README run as they stand."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_examples_are_found():
    assert len(blocks("python")) == 3
    assert len(blocks("yaml")) == 2


@pytest.mark.slow
def test_python_examples_after_each_other(tmp_path):
    script = tmp_path / "example.py"
    script.write_text("\n".join(blocks("python")))
    # Keras warns of its own default whenever it is given a tf.data.Dataset.
    command = [sys.executable, "-W", "error", "-W", "ignore:`shuffle=True` was passed:UserWarning"]
    # And converts its variables to NumPy the way NumPy 1 wanted it, when weights are saved.
    command += ["-W", "ignore:__array__ implementation:DeprecationWarning", str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "Predictions of 2 nodes in 6 classes" in done.stdout
    assert "Epoch 3/3" in done.stdout
    assert "edge set 'edges': nodes -> nodes" in done.stdout


@pytest.mark.slow
def test_config_example(tmp_path):
    (tmp_path / "config.yaml").write_text(blocks("yaml")[0])
    command = [
        str(pathlib.Path(sys.executable).with_name("gnnkit")),
        "run",
        "config.yaml",
        "--set",
        "training.epochs=1",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    for name in ("config.yaml", "summary.json", "attribution.json", "export/saved_model.pb"):
        assert (tmp_path / "runs/papers" / name).exists(), name


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()
