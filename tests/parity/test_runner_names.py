"""Names and signatures of gnnkit.runner against tensorflow_gnn.runner: what TF-GNN programs call is there."""

import importlib
import inspect
import warnings

import pytest

from gnnkit import runner

# Parameters that TF-GNN has and gnnkit takes through **kwargs of one class to another.
FORWARDED = {"TFRecordDatasetProvider", "SampleTFRecordDatasetsProvider"}
# Aliases of types in TF-GNN, and names that are not of the Runner.
TYPES = {"Loss", "Losses", "Metric", "Metrics", "Predictions"}
# Where a default differs, and gnnkit's.
DEFAULTS = {("KerasTrainer", "strategy"): None, ("integrated_gradients", "random_counterfactual"): True}
DEFAULTS[("integrated_gradients", "steps")] = 32


@pytest.fixture(scope="module")
def theirs(tfgnn):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("tensorflow_gnn.runner")


def _names(module):
    return {n for n in dir(module) if not n.startswith("_") and callable(getattr(module, n))}


def test_all_names_are_there(theirs):
    assert _names(theirs) - set(dir(runner)) == set()


AREA = [
    "DatasetProvider FitOrSkipPadding GraphTensorPadding IntegratedGradientsExporter KerasModelExporter KerasTrainer",
    "KerasTrainerCheckpointOptions KerasTrainerOptions ModelExporter ParameterServerStrategy PassthruDatasetProvider",
    "PassthruSampleDatasetsProvider SampleTFRecordDatasetsProvider SimpleDatasetProvider SimpleSampleDatasetsProvider",
    "SubmoduleExporter TFDataServiceConfig TFRecordDatasetProvider TPUStrategy TightPadding Trainer export_model",
    "incrementing_model_dir integrated_gradients one_node_per_component run",
]


@pytest.mark.parametrize("name", " ".join(AREA).split())
def test_signatures(theirs, name):
    """The same parameters, of the same kinds and in the same order, with the same defaults; gnnkit may have more."""
    ours, reference = (inspect.signature(getattr(m, name)) for m in (runner, theirs))
    parameters = list(ours.parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for i, want in enumerate(reference.parameters.values()):
        if want.kind in (want.VAR_POSITIONAL, want.VAR_KEYWORD):
            assert name in FORWARDED or name.endswith("Fn")
            continue
        got = ours.parameters[want.name]
        assert got.kind == want.kind, want.name
        if want.kind == want.POSITIONAL_OR_KEYWORD:
            assert positional[i].name == want.name
        if (name, want.name) in DEFAULTS:
            assert got.default == DEFAULTS[name, want.name]
        else:
            assert got.default == want.default, want.name
    for method, _ in inspect.getmembers(getattr(theirs, name), inspect.isfunction):
        if not method.startswith("_") and inspect.isclass(getattr(runner, name)):
            assert hasattr(getattr(runner, name), method), method
