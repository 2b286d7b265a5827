"""The command line: help, codes, streams."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import gnnkit
from gnnkit.runner.cli import main
from gnnkit.runner.cli._main import cli

CONFIGS = Path(__file__).parents[3] / "colabs" / "configs"
SHARED = Path(__file__).parents[4] / "shared" / "data"


def invoke(*arguments):
    return CliRunner().invoke(cli, [str(a) for a in arguments], prog_name="gnnkit")


@pytest.mark.parametrize(
    "command",
    ["", "run", "evaluate", "predict", "explain", "export", "compare", "validate", "schema validate"]
    + ["examples generate", "examples print", "examples stats"],
)
def test_help_has_examples(command):
    result = invoke(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Examples:\n    gnnkit " in result.output


def test_help_imports_little():
    code = (
        "import sys; from gnnkit.runner.cli import main\n"
        "commands = [], ['run'], ['predict'], ['compare'], ['schema', 'validate'], ['examples'], ['examples', 'stats']\n"
        "for command in commands:\n"
        "    try: main([*command, '--help'])\n"
        "    except SystemExit: pass\n"
        "sys.exit(sum(m in sys.modules for m in ('tensorflow', 'keras', 'numpy', 'pydantic', 'rich')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "gnnkit run" in done.stdout


def test_version():
    result = invoke("--version")
    assert result.output == f"gnnkit, version {gnnkit.__version__}\n"


def test_entry_point():
    points = [p for p in importlib.metadata.entry_points(group="console_scripts") if p.name == "gnnkit"]
    if not points:
        pytest.skip("gnnkit is not installed")
    assert points[0].load() is main


@pytest.mark.parametrize("name", ["demo", "openflights", "cora"])
def test_example_configs_are_valid(name):
    if name != "demo" and not SHARED.is_dir():
        pytest.skip("shared/data is absent")
    result = invoke("validate", CONFIGS / f"{name}.yaml")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{CONFIGS / name}.yaml is valid.\n"


def test_openflights_never_sees_the_answer():
    text = (CONFIGS / "openflights.yaml").read_text()
    assert "exclude: [airport.latitude, airport.longitude, airport.name, airport.region]" in text


def test_wrong_config_has_code_2_and_no_traceback(tmp_path):
    (tmp_path / "c.yaml").write_text("model_dir: x\ntrainning: {}\n")
    result = invoke("run", tmp_path / "c.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"Error: {tmp_path}/c.yaml has 5 problems:" in result.stderr
    assert f"{tmp_path}/c.yaml:2: trainning: unknown key 'trainning'. Did you mean 'training'?" in result.stderr
    assert "Traceback" not in result.stderr


def test_names_in_a_dataset_are_checked():
    result = invoke("validate", CONFIGS / "demo.yaml", "--set", "features.node_sets.paper.yaer=number")
    assert result.exit_code == 2
    assert "unknown feature of node set 'paper': 'yaer'. Did you mean 'year'? Known: embedding, label," in result.stderr


def test_resolved_config_is_printed():
    result = invoke("validate", CONFIGS / "demo.yaml", "--set", "training.epochs=3", "--resolved")
    assert "  epochs: 3\n" in result.stdout


def test_json_schema_is_printed():
    schema = json.loads(invoke("schema", "config").stdout)
    assert schema["title"] == "RunConfig"


def test_schema_validate(tmp_path):
    file = tmp_path / "s.pbtxt"
    file.write_text(
        'node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 1 } } } } } }'
        'edge_sets { key: "e" value { source: "a" target: "b" features { key: "w" value {} } } }'
    )
    result = invoke("schema", "validate", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "Warning: Node set 'a', feature 'x': shape [1] is unnecessary; leave it out for one value an item.",
        f"Error: {file} has 2 problems:",
        "  Edge set 'e', feature 'w': the dtype is missing. Add for example `dtype: DT_FLOAT`.",
        "  Edge set 'e': its target 'b' is no node set of the schema; there are ['a'].",
    ]
    file.write_text(file.read_text().replace('"b"', '"a"').replace("value {}", "value { dtype: DT_FLOAT }"))
    for arguments in ([file], [f"--graph_schema={file}"], ["--graph-schema", file]):
        result = invoke("schema", "validate", *arguments)
        assert (result.exit_code, result.stdout) == (0, f"{file} is valid: 1 node set, 1 edge set.\n")
        assert result.stderr.startswith("Warning: Node set 'a', feature 'x': shape [1] is unnecessary")


def test_schema_validate_with_tables(tmp_path):
    file = tmp_path / "s.pbtxt"
    file.write_text(
        'node_sets { key: "a" value { metadata { filename: "a.csv" } } }'
        'edge_sets { key: "e" value { source: "a" target: "a" metadata { filename: "e@2" } } }'
    )
    assert invoke("schema", "validate", file).exit_code == 0
    result = invoke("schema", "validate", file, "--tables")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"Error: {file} has 2 problems:",
        f"  node set 'a': there is no table '{tmp_path}/a.csv'.",
        f"  edge set 'e': there is no table '{tmp_path}/e@2'.",
    ]
    (tmp_path / "a.csv").touch()
    for i in range(2):
        (tmp_path / f"e-0000{i}-of-00002").touch()
    assert invoke("schema", "validate", file, "--tables").exit_code == 0


def test_schema_validate_needs_a_schema(tmp_path):
    (tmp_path / "garbage").write_text("nodes {")
    cases = {"none": "cannot be read: No such file", "garbage": "is not a GraphSchema in text format: 1:1"}
    for name, message in cases.items():
        result = invoke("schema", "validate", tmp_path / name)
        assert result.exit_code == 1
        assert f"Error: {tmp_path / name} {message}" in result.stderr
    for arguments in ([], [tmp_path / "garbage", "--graph-schema", tmp_path / "garbage"]):
        result = invoke("schema", "validate", *arguments)
        assert result.exit_code == 2
        assert "Error: Give one schema file: gnnkit schema validate FILE." in result.stderr


def _execute(monkeypatch, execute):
    from gnnkit.runner import pipeline

    monkeypatch.setattr(pipeline, "execute", execute, raising=False)


def test_unexpected_errors_keep_their_traceback(monkeypatch):
    def execute(config, quiet):
        raise ValueError("a fault")

    _execute(monkeypatch, execute)
    result = invoke("run", CONFIGS / "demo.yaml")
    assert isinstance(result.exception, ValueError)


def test_errors_of_the_data_have_code_1(monkeypatch):
    from gnnkit.runner._errors import RunError

    def execute(config, quiet):
        raise RunError("airport.csv, row 3: empty id.")

    _execute(monkeypatch, execute)
    result = invoke("run", CONFIGS / "demo.yaml")
    assert (result.exit_code, result.stderr) == (1, "Error: airport.csv, row 3: empty id.\n")


def test_standard_output_holds_the_json_alone(monkeypatch):
    class Summary:
        def to_json(self):
            return '{"seed": 0}'

    def execute(config, quiet):
        print("epoch 1")
        return Summary()

    _execute(monkeypatch, execute)
    result = invoke("run", CONFIGS / "demo.yaml", "--json")
    assert result.stdout == '{"seed": 0}\n'
    assert result.stderr == "epoch 1\n"
