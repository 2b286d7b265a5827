"""Constructors and calls of layers and models take what tensorflow-gnn's take."""

import inspect

import pytest

LAYERS = [
    "AddReadoutFromFirstNode", "AnyToAnyConvolutionBase", "Broadcast", "ContextUpdate", "EdgeSetUpdate", "GraphUpdate",
    "ItemDropout", "MapFeatures", "NextStateFromConcat", "NodeSetUpdate", "Pool", "Readout", "ReadoutFirstNode",
    "ResidualNextState", "SimpleConv", "StructuredReadout", "StructuredReadoutIntoFeature",
]  # fmt: skip
CALLS = ["AnyToAnyConvolutionBase", "Broadcast", "ContextUpdate", "EdgeSetUpdate", "GraphUpdate", "MakeEmptyFeature",
         "NodeSetUpdate", "Pool", "ReadoutFirstNode", "StructuredReadout", "StructuredReadoutIntoFeature"]  # fmt: skip


def arguments_of(fn, leave_out=("self",)):
    parameters = inspect.signature(fn).parameters.values()
    return [(p.name, p.kind, p.default) for p in parameters if p.name not in leave_out and p.kind != p.VAR_KEYWORD]


@pytest.mark.parametrize("name", LAYERS)
def test_constructors(libraries, name):
    """The same arguments, in the same order, with the same defaults."""
    ours, theirs = (arguments_of(getattr(k.layers, name).__init__) for k in libraries)
    assert ours == theirs


@pytest.mark.parametrize("name", CALLS)
def test_calls(libraries, name):
    # In Keras 3 training=None means that the caller decides.
    ours, theirs = (arguments_of(getattr(k.layers, name).call, ("self", "training")) for k in libraries)
    assert ours == theirs


def test_signatures_of_models_and_builder(libraries):
    ours, theirs = libraries
    assert arguments_of(ours.gcn.GCNConv.__init__) == arguments_of(theirs.gcn.GCNConv.__init__)
    assert arguments_of(ours.vanilla_mpnn.VanillaMPNNGraphUpdate) == arguments_of(
        theirs.vanilla_mpnn.VanillaMPNNGraphUpdate
    )
    accepted = {name: default for name, _, default in arguments_of(theirs.gcn.GCNHomGraphUpdate)}
    assert {n: d for n, _, d in arguments_of(ours.gcn.GCNHomGraphUpdate)}.items() <= accepted.items()
    ours, theirs = (arguments_of(k.library.keras.ConvGNNBuilder.__init__) for k in libraries)
    # Optional since the release that is compared with.
    assert [a if a[0] != "nodes_next_state_factory" else (a[0], a[1], inspect.Parameter.empty) for a in ours] == theirs
