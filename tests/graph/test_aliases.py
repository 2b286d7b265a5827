"""Names that programs written for TF-GNN use beside the functions."""

import typing

import numpy as np
import pytest
import tensorflow as tf

import gnnkit


@pytest.mark.parametrize(
    "alias, value",
    [
        ("Field", tf.constant([1])),
        ("Field", tf.ragged.constant([[1]])),
        ("FieldSpec", tf.TensorSpec([], tf.int32)),
        ("FieldSpec", tf.RaggedTensorSpec([None, None])),
        ("SetName", "a"),
        ("NodeSetName", "a"),
        ("EdgeSetName", "a"),
        ("FieldName", "a"),
        ("SetType", gnnkit.CONTEXT),
        ("IncidentNodeTag", gnnkit.SOURCE),
        ("IncidentNodeOrContextTag", gnnkit.TARGET),
        ("IncidentNodeOrContextTag", gnnkit.CONTEXT),
    ],
)
def test_types(alias, value):
    assert isinstance(value, getattr(gnnkit, alias))
    assert not isinstance(np.zeros(1), getattr(gnnkit, alias))


def test_mappings():
    name, field = typing.get_args(gnnkit.Fields)
    assert (name, field) == (gnnkit.FieldName, gnnkit.Field)
    assert typing.get_args(gnnkit.FieldsSpec) == (str, gnnkit.FieldSpec)
    assert set(typing.get_args(gnnkit.FieldOrFields)) == {*typing.get_args(gnnkit.Field), gnnkit.Fields}


def test_deprecated_names():
    import gnnkit.proto
    import gnnkit.sampler

    assert gnnkit.GraphSchema is gnnkit.proto.GraphSchema is gnnkit.schemas.GraphSchema
    assert gnnkit.Feature is gnnkit.proto.Feature
    assert gnnkit.readout_named is gnnkit.structured_readout
    assert gnnkit.readout_named_into_feature is gnnkit.structured_readout_into_feature
    assert gnnkit.sampler.SamplingSpecBuilder is gnnkit.samplers.SamplingSpecBuilder
