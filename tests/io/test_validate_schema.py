"""Every rule of validate_schema, with its text."""

import pytest

from gnnkit.io import ValidationError, parse_schema, validate_schema


def _nodes(feature: str, name: str = "x") -> str:
    return f'node_sets {{ key: "a" value {{ features {{ key: "{name}" value {{ {feature} }} }} }} }}'


def _edges(name: str, source: str, target: str, more: str = "") -> str:
    return f'edge_sets {{ key: "{name}" value {{ source: "{source}" target: "{target}" {more} }} }}\n'


READOUT = 'node_sets { key: "u" value {} } node_sets { key: "v" value {} } node_sets { key: "_readout" value {} }\n'

BAD = {
    "no dtype": (_nodes(""), "Node set 'a', feature 'x': the dtype is missing"),
    "no dtype in context": ('context { features { key: "c" value {} } }', "Context, feature 'c': the dtype is missing"),
    "complex": (_nodes("dtype: DT_COMPLEX64"), "feature 'x': dtype DT_COMPLEX64 is not supported. Supported are"),
    "quantized": (_nodes("dtype: DT_QINT8"), "dtype DT_QINT8 is not supported"),
    "unknown rank": (_nodes("dtype: DT_FLOAT shape { unknown_rank: true }"), "the shape has unknown rank"),
    "dimension name": (
        _nodes('dtype: DT_FLOAT shape { dim { size: 3 name: "rgb" } }'),
        "dimension 0 of the shape has the name 'rgb'.*`description`",
    ),
    "negative": (_nodes("dtype: DT_FLOAT shape { dim { size: -2 } }"), "dimension 0 of the shape is -2; expected -1"),
    "#size": (_nodes("dtype: DT_INT64", "#size"), "Node set 'a': the feature name '#size' is reserved"),
    "#target": (
        'node_sets { key: "a" value {} }'
        + _edges("e", "a", "a", 'features { key: "#target" value { dtype: DT_INT64 } }'),
        "Edge set 'e': the feature name '#target' is reserved",
    ),
    "context of nodes": (
        'node_sets { key: "a" value { context: "q" } }',
        "Node set 'a' refers to the context feature 'q'",
    ),
    "context of edges": (
        'node_sets { key: "a" value {} }' + _edges("e", "a", "a", 'context: "q"'),
        "Edge set 'e' refers to the context feature 'q', which does not exist",
    ),
    "no name": ('node_sets { key: "" value {} }', "Node set '': the name of a set must not be empty"),
    "no source": ('edge_sets { key: "e" value { target: "a" } }', "Edge set 'e': the source is missing"),
    "no target": (
        'node_sets { key: "a" value {} } edge_sets { key: "e" value { source: "a" } }',
        "Edge set 'e': the target is missing",
    ),
    "unknown target": (
        'node_sets { key: "a" value {} }' + _edges("e", "a", "b"),
        r"Edge set 'e': its target 'b' is no node set of the schema; there are \['a'\]",
    ),
    "readout without edges": (READOUT, "Node set '_readout' has no edge set to read out by.*'_readout/seed'"),
    "readout backwards": (
        READOUT + _edges("_readout/seed", "_readout", "u"),
        "Edge set '_readout/seed' reads out into node set '_readout' by its name, but has target 'u'",
    ),
    "shadow of nothing": (
        READOUT + 'node_sets { key: "_shadow/e" value {} }' + _edges("_readout/seed", "_shadow/e", "_readout"),
        "its source '_shadow/e' stands for edge set 'e', which does not exist",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_errors(case):
    text, message = BAD[case]
    with pytest.raises(ValidationError, match=message):
        validate_schema(parse_schema(text))


def test_error_is_a_value_error():
    assert issubclass(ValidationError, ValueError)


GOOD = {
    "empty": "",
    "ragged": _nodes("dtype: DT_STRING shape { dim { size: -1 } dim { size: 0 } }"),
    "seed": READOUT + _edges("_readout/seed", "u", "_readout"),
    "two keys": READOUT + _edges("_readout/source", "u", "_readout") + _edges("_readout/target", "v", "_readout"),
    "suffixes": READOUT + _edges("_readout/seed/1", "u", "_readout") + _edges("_readout/seed/2", "v", "_readout"),
    "shadow": READOUT
    + 'node_sets { key: "_shadow/e" value {} }'
    + _edges("e", "u", "v")
    + _edges("_readout/seed", "_shadow/e", "_readout"),
    "other readout is not looked at": 'node_sets { key: "_readout:train" value {} }',
}


@pytest.mark.parametrize("case", GOOD)
def test_nothing_to_report(case):
    assert validate_schema(parse_schema(GOOD[case])) == []


@pytest.mark.parametrize(
    "dtype",
    "STRING BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 HALF BFLOAT16 FLOAT DOUBLE".split(),
)
def test_supported_dtypes(dtype):
    assert validate_schema(parse_schema(_nodes(f"dtype: DT_{dtype}"))) == []


def test_warnings_are_returned():
    (warning,) = validate_schema(parse_schema(_nodes("dtype: DT_FLOAT shape { dim { size: 1 } }")))
    assert str(warning) == "Node set 'a', feature 'x': shape [1] is unnecessary; leave it out for one value an item."
    (warning,) = validate_schema(parse_schema(_nodes("dtype: DT_FLOAT", "#rank")))
    assert "the feature name '#rank' is reserved: names that begin with '#'" in str(warning)
    assert validate_schema(parse_schema(_nodes("dtype: DT_STRING", "#id"))) == []


def test_named_readout_sets():
    text = (
        READOUT + 'node_sets { key: "_readout:train" value {} }' + _edges("_readout:train/seed", "u", "_readout:train")
    )
    assert validate_schema(parse_schema(text), readout_node_sets=["_readout:train"]) == []
    with pytest.raises(ValidationError, match="The readout node set '_readout:test' does not exist"):
        validate_schema(parse_schema(text), readout_node_sets=["_readout:test"])
    with pytest.raises(ValidationError, match="'readout' is no name for a readout node set"):
        validate_schema(parse_schema(text), readout_node_sets=["readout"])


def test_schema_of_the_shared_data(shared_data):
    from gnnkit.io import read_schema

    assert validate_schema(read_schema(shared_data / "openflights" / "graph_schema.pbtxt")) == []
