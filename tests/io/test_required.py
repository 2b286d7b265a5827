"""check_required_features: what a schema must have."""

import pytest

import gnnkit

HAVE = """
context { features { key: "c" value { dtype: DT_INT64 } } }
node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 3 } dim { size: -1 } } } }
                             features { key: "y" value { dtype: DT_INT64 } } } }
node_sets { key: "b" value {} }
edge_sets { key: "e" value { source: "a" target: "b" features { key: "w" value { dtype: DT_FLOAT } } } }
"""


def _nodes(feature: str, name: str = "x", set_name: str = "a") -> str:
    return f'node_sets {{ key: "{set_name}" value {{ features {{ key: "{name}" value {{ {feature} }} }} }} }}'


def _check(text: str) -> None:
    gnnkit.check_required_features(gnnkit.parse_schema(text), gnnkit.parse_schema(HAVE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        HAVE,
        'node_sets { key: "a" value {} }',
        'edge_sets { key: "e" value {} }',
        'edge_sets { key: "e" value { source: "a" } }',
        _nodes(""),
        _nodes("dtype: DT_FLOAT"),
        _nodes("shape { dim { size: 3 } dim { size: -1 } }"),
        _nodes("shape { dim { size: 0 } dim { size: 0 } }"),
        _nodes("shape {}", "y"),
    ],
)
def test_fulfilled(text):
    _check(text)


@pytest.mark.parametrize(
    "text, message",
    [
        ('node_sets { key: "q" value {} }', "Node set 'q' is required, but the schema lacks it"),
        ('edge_sets { key: "q" value {} }', "Edge set 'q' is required, but the schema lacks it"),
        (
            'edge_sets { key: "e" value { source: "b" } }',
            "Edge set 'e': required is the source 'b', but the schema has 'a'",
        ),
        (
            'edge_sets { key: "e" value { source: "a" target: "a" } }',
            "Edge set 'e': required is the target 'a', but the schema has 'b'",
        ),
        ('context { features { key: "q" value {} } }', "Context, feature 'q' is required, but the schema lacks it"),
        (_nodes("", "q"), "Node set 'a', feature 'q' is required, but the schema lacks it"),
        (_nodes("dtype: DT_INT32"), "Node set 'a', feature 'x': required is the dtype DT_INT32, .* has DT_FLOAT"),
        (
            _nodes("shape { dim { size: 3 } }"),
            r"feature 'x': required is the shape \[3\], but the schema has \[3, -1\]",
        ),
        (_nodes("shape { dim { size: -1 } dim { size: -1 } }"), r"required is the shape \[-1, -1\]"),
        (_nodes("shape { dim { size: 0 } }", "y"), r"required is the shape \[0\], but the schema has \[\]"),
    ],
)
def test_not_fulfilled(text, message):
    with pytest.raises(gnnkit.ValidationError, match=message):
        _check(text)
