"""Reading the graph that a config names."""

import io

import pytest
from rich.console import Console

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import ConfigError, loads
from gnnkit.runner.pipeline import ConsoleReporter, SilentReporter, read
from gnnkit.runner.pipeline._read import left_out

SCHEMA = """
node_sets { key: "a" value { features { key: "label" value { dtype: DT_INT64 } } metadata { filename: "a.csv" } } }
edge_sets { key: "e" value { source: "a" target: "a" metadata { filename: "e.csv" } } }
"""
CONFIG = """
model_dir: out
data: {schema: schema.pbtxt}
task: {type: node_classification, node_set: a, label: label}
split: random
sampling: none
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "a.csv").write_text("id,label\nx,0\ny,1\n")
    (tmp_path / "e.csv").write_text("source,target\nx,y\nx,z\n")
    return lambda *overrides: loads(CONFIG, overrides, file=str(tmp_path / "config.yaml"))


def test_bad_rows_stop_the_run(config):
    with pytest.raises(RunError, match=r"e.csv.*'?z'?"):
        read(config(), SilentReporter())


def test_bad_rows_are_counted(config):
    tables = read(config("data.on_bad_rows=skip"), SilentReporter())
    assert tables.edge_sets["e"].num_edges == 1
    assert left_out(tables) == ["1 row was left out: 1 unknown endpoint."]


def test_lines_while_reading(config):
    out = io.StringIO()
    assert left_out(read(config("data.on_bad_rows=skip"), ConsoleReporter(Console(file=out), every=0))) != []
    assert "Reading the graph: 1 of 2; " in out.getvalue()


def test_datasets(config):
    tables = read(config("data={dataset: academic, args: {num_papers: 50}}"), SilentReporter())
    assert tables.node_sets["paper"].num_nodes == 50


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{dataset: academic, args: {num_paper: 50}}", "unknown argument 'num_paper'. Did you mean 'num_papers'?"),
        ("{dataset: academic, args: {num_papers: 1}}", "data: dataset 'academic': num_papers=1 is less than"),
        ("{dataset: academic, directory: .}", "data.directory: the dataset 'academic' is generated and has no files"),
        ("{dataset: cora, directory: .}", "data: dataset 'cora': There is no cora.npz: looked for "),
    ],
)
def test_wrong_datasets(config, data, message):
    with pytest.raises(ConfigError) as raised:
        read(config(f"data={data}"), SilentReporter())
    assert message in str(raised.value)
