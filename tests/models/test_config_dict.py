"""Settings of graph updates; that they are tensorflow-gnn's is in tests/parity/test_attention.py."""

import copy
import importlib
import pickle

import pytest

import gnnkit
from gnnkit.testing import random_graph

MODELS = ["gat", "gat_v2", "multi_head_attention", "transformer_conv", "vanilla_mpnn"]
each_model = pytest.mark.parametrize(
    "model", [importlib.import_module(f"gnnkit.models.{m}") for m in MODELS], ids=MODELS
)
H = "hidden_state"


def widths(graph):
    return {name: node_set[H].shape[1] for name, node_set in graph.node_sets.items()}


@each_model
def test_an_update_from_settings(model):
    cfg = model.graph_update_get_config_dict()
    required = [key for key, value in cfg.items() if value is None and key != "attention_activation"]
    assert set(required) - {"num_heads"} == {"units", "message_dim", "receiver_tag"}
    with pytest.raises(TypeError, match="missing .* required keyword-only arguments: 'units', 'message_dim'"):
        model.graph_update_from_config_dict(cfg)
    cfg.units = cfg["message_dim"] = 8
    cfg.update(receiver_tag=gnnkit.TARGET)
    if "num_heads" in cfg:
        cfg.num_heads = 2
    graph = random_graph(1)
    assert widths(model.graph_update_from_config_dict(cfg)(graph)) == {"author": 3, "paper": 8, "venue": 8}
    few = model.graph_update_from_config_dict(dict(cfg), node_set_names=["venue"])
    assert widths(few(graph)) == {"author": 3, "paper": 4, "venue": 8}


@each_model
def test_keys_are_fixed(model):
    cfg = model.graph_update_get_config_dict()
    for wrong in ("unit", "kernel_initializer", "node_set_names"):
        with pytest.raises(KeyError, match=f"There is no setting '{wrong}', only .*'units'"):
            cfg[wrong] = 1
        with pytest.raises(AttributeError, match=f"There is no setting '{wrong}'"):
            setattr(cfg, wrong, 1)
        with pytest.raises(AttributeError, match=f"There is no setting '{wrong}'"):
            getattr(cfg, wrong)
    with pytest.raises(TypeError, match="set 'units' to None"):
        del cfg["units"]


def test_copies_are_independent_and_equal():
    cfg = gnnkit.models.gat_v2.graph_update_get_config_dict()
    for other in (copy.copy(cfg), copy.deepcopy(cfg), pickle.loads(pickle.dumps(cfg))):
        assert other == cfg and repr(other) == repr(cfg)
        other.units = 3
    assert cfg.units is None and gnnkit.models.gat_v2.graph_update_get_config_dict().units is None


@each_model
def test_documentation_names_the_update(model):
    (update,) = [name for name in dir(model) if name.endswith("MPNNGraphUpdate")]
    for function in (model.graph_update_get_config_dict, model.graph_update_from_config_dict):
        assert f"`{update}`" in function.__doc__
        assert function.__module__.startswith(model.__name__)
