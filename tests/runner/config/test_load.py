"""Reading, overriding and writing configs."""

import json
import subprocess
import sys

import pydantic
import pytest

from gnnkit.runner import config as c


def test_values_and_defaults(folder):
    config = c.load(folder / "config.yaml")
    assert config.seed == 3
    assert config.task == c.NodeClassification(node_set="paper", label="label")
    assert config.split == c.FeatureSplit(feature="part")
    assert config.sampling.hops[1].from_ == ("seed", "hop1")
    assert config.features.node_sets["paper"]["year"] == c.NumberFeature()
    assert config.features.node_sets["paper"]["venue"] == c.CategoryFeature(dim=8)
    assert config.model == c.VanillaMPNN(units=16)
    assert config.training.batch_size == c.Training().batch_size


def test_the_model_is_a_vanilla_mpnn_by_default(folder):
    assert c.load(folder / "config.yaml", ["model={units: 3}"]).model == c.VanillaMPNN(units=3)


def test_inputs_start_from_the_file_and_outputs_from_the_current_directory(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path.parent)
    config = c.load(folder / "config.yaml")
    assert config.data.schema_file == folder / "schema.pbtxt"
    assert config.data.folder == folder
    assert str(config.output_directory) == "out/config-3"


def test_overrides(folder):
    config = c.load(
        folder / "config.yaml",
        [
            "training.epochs=7",
            "training.learning_rate=1e-3",
            "training.early_stopping.patience=4",
            "sampling.hops.0.size=5",
            "split.train=[train, other]",
            "features.node_sets.paper.year={type: number, normalize: log}",
            "task.classes=[no, yes]",
            "data.on_bad_rows=skip",
            "export.enabled=false",
        ],
    )
    assert config.training.epochs == 7
    assert config.training.learning_rate == 0.001
    assert config.training.early_stopping == c.EarlyStopping(patience=4)
    assert config.sampling.hops[0].size == 5
    assert config.split.train == ("train", "other")
    assert config.features.node_sets["paper"]["year"].normalize == "log"
    # YAML 1.1 would have read these as false and true.
    assert config.task.classes == ("no", "yes")
    assert config.export.enabled is False


@pytest.mark.parametrize(
    ("sampling", "kind"),
    [("none", c.WholeGraph), ("{sizes: [4, 2]}", c.TreeSampling), ("{type: none}", c.WholeGraph)],
)
def test_kinds_of_sampling(folder, sampling, kind):
    assert isinstance(c.load(folder / "config.yaml", [f"sampling={sampling}"]).sampling, kind)


def test_resolved_config_is_the_same_run(folder, monkeypatch):
    config = c.load(folder / "config.yaml", ['task.classes=[no, "1e3", yes]'])
    monkeypatch.chdir(folder.parent)
    (folder / "again").mkdir()
    c.dump_resolved(config, folder / "again" / "resolved.yaml")
    again = c.load(folder / "again" / "resolved.yaml")
    assert again.output_directory == config.output_directory
    assert again.model_copy(update={"model_dir": ""}) == config.model_copy(update={"model_dir": ""})


def test_json_schema_describes_every_key():
    schema = c.RunConfig.model_json_schema()
    assert json.dumps(schema)
    for name, section in [("RunConfig", schema), *schema["$defs"].items()]:
        for key, value in section["properties"].items():
            assert value.get("description"), f"{name}.{key} has no description"


def test_frozen(folder):
    config = c.load(folder / "config.yaml")
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        config.seed = 4


def test_features_of_a_set_leave_out_dropped_ones(folder):
    config = c.load(folder / "config.yaml", ["features.node_sets.paper.year=drop"])
    assert list(config.features.encoding("node_sets", "paper")) == ["venue"]
    assert config.features.encoding("node_sets", "author") == {}


def test_hops_are_written_out(folder):
    config = c.load(folder / "config.yaml")
    hops = c.resolve_hops(config.sampling, "paper", c.schema_of(config))
    assert [(h.name, h.inputs, h.source, h.target, h.depth) for h in hops] == [
        ("hop1", ("seed",), "paper", "paper", 1),
        ("hop2", ("seed", "hop1"), "paper", "author", 2),
        ("others", ("hop2",), "author", "paper", 3),
    ]


def test_tree_follows_all_edge_sets(folder):
    config = c.load(folder / "config.yaml", ["sampling={sizes: [4, 2]}"])
    hops = c.resolve_hops(config.sampling, "paper", c.schema_of(config))
    assert [(h.name, h.inputs, h.size) for h in hops] == [
        ("cites.1", ("seed",), 4),
        ("written_by.1", ("seed",), 4),
        ("cites.2", ("cites.1",), 2),
        ("writes.2", ("written_by.1",), 2),
        ("written_by.2", ("cites.1",), 2),
    ]


def test_notes_say_what_is_not_used(folder):
    config = c.load(folder / "config.yaml", ["sampling={hops: [{edge_set: cites, size: 2}]}"])
    assert c.check_against_schema(config, c.schema_of(config)) == (
        "features.edge_sets.written_by: the sampling never reaches 'written_by'; its features are not used.",
        "model.num_layers is 2 and the sampling goes 1 hops deep: more layers see nothing new.",
    )


def test_config_is_checked_without_tensorflow(folder):
    code = (
        "import sys; from gnnkit.runner import config; config.load(sys.argv[1]);"
        "sys.exit(int(any(m in sys.modules for m in ('tensorflow', 'keras', 'numpy'))))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder / "config.yaml")], check=False).returncode == 0
