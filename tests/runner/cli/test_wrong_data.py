"""Runs on data that does not fit: a message, code 1, no traceback."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from gnnkit.runner.cli._main import cli

SCHEMA = """
node_sets { key: "a" value { metadata { filename: "a.csv" }
  features { key: "label" value { dtype: DT_STRING } } features { key: "part" value { dtype: DT_STRING } }
  features { key: "x" value { dtype: DT_FLOAT } } } }
edge_sets { key: "e" value { source: "a" target: "a" metadata { filename: "e.csv" } } }
"""
CONFIG = """
model_dir: out
data: {schema: schema.pbtxt}
task: {type: node_classification, node_set: a, label: label}
split: {feature: part}
sampling: none
features: {node_sets: {a: {x: number}}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "c.yaml").write_text(CONFIG)
    (tmp_path / "a.csv").write_text("id,label,part,x\nx,red,train,1\ny,blue,valid,2\nz,green,test,nan\n")
    (tmp_path / "e.csv").write_text("source,target\nx,y\ny,z\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def error_of(*overrides):
    arguments = [word for override in overrides for word in ("--set", override)]
    result = CliRunner().invoke(cli, ["run", "c.yaml", "--json", *arguments], prog_name="gnnkit")
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_missing_table(folder):
    (folder / "e.csv").unlink()
    assert f"Error: Edge set 'e': 1 of 1 file(s) of 'e.csv' do not exist: {folder}/e.csv." in error_of()


def test_a_label_that_is_no_class(folder):
    error = error_of("task.classes=[red, blue]")
    assert "Error: 1 of 1 test nodes have no label: a.label is" in error
    assert "at nodes z. Values that are no class: green (1)." in error


def test_a_split_without_training_nodes(folder):
    error = error_of("split={feature: part, train: trained}")
    assert "Error: split.train names 'trained', but no node has that value in a.part; its values are test (1)," in error


def test_numbers_that_are_missing(folder):
    assert "Error: a.x is not a finite number at nodes z. Give `missing: mean`" in error_of()


def test_a_wrong_cell(folder):
    (folder / "a.csv").write_text("id,label,part,x\nx,red,train,1\ny,blue,valid,many\n")
    error = error_of()
    assert "a.csv" in error and "'many'" in error and "'x'" in error


def test_what_tensorflow_writes_while_it_loads_is_hidden_unless_it_fails():
    code = """
import os
from gnnkit.runner.cli._quiet import native_stderr_hidden
with native_stderr_hidden():
    os.write(2, b"noise ")
os.write(2, b"seen ")
with native_stderr_hidden():
    os.write(2, b"the reason ")
    raise ImportError("no such library")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("seen the reason Traceback")
    assert done.stderr.endswith("ImportError: no such library\n")
