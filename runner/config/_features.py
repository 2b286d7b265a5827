"""What the model gets to see: only what is listed here, each feature with the way it becomes numbers."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, Positive, Section, Switch, Text, Value, expand_text


class _Column(Section):
    feature: Text | None = None
    """The feature of the schema that is read; by default the name under which this entry stands. With it, one
    feature can go in twice, in two ways."""


class NumberFeature(_Column):
    """A number for each node or edge."""

    type: Literal["number"] = "number"
    """This encoding."""

    normalize: Literal["standard", "log", "minmax", "none"] = "standard"
    """`standard`: mean 0, standard deviation 1. `log`: sign(x) log(1 + |x|), then standard. `minmax`: 0 to 1.
    `none`: as is. The statistics are those of the data that training may see."""

    clip: Positive | None = None
    """After normalization, values are held between -clip and clip."""

    missing: Literal["error", "mean", "zero"] = "error"
    """What stands for NaN: an error, the mean, or 0 before normalization."""


class CategoryFeature(_Column):
    """One of several values, text or whole number, for each node or edge."""

    type: Literal["category"] = "category"
    """This encoding."""

    dim: Count | None = None
    """Size of a learned embedding; by default a one-hot vector."""

    vocabulary: tuple[Value, ...] | None = None
    """The known values in order; by default those of the data that training may see, the most frequent first."""

    max_values: Count | None = None
    """The largest number of values to know; rarer ones count as unknown."""

    min_count: Count = 1
    """Values that occur less often than this count as unknown. Unknown values share one place of their own."""


class TextHashFeature(_Column):
    """A text for each node or edge, as a bag of words hashed into buckets."""

    type: Literal["text_hash"] = "text_hash"
    """This encoding."""

    buckets: Count = 1024
    """Number of buckets that words are hashed into."""

    dim: Count | None = 16
    """Size of the learned embedding of a bucket, averaged over the words; `null` gives the counts themselves."""

    lowercase: Switch = True
    """Whether upper and lower case count as the same."""


class VectorFeature(_Column):
    """A vector of fixed length for each node or edge."""

    type: Literal["vector"] = "vector"
    """This encoding."""

    normalize: Literal["none", "row", "l2", "standard"] = "none"
    """`none`: as is. `row`: the entries of each vector add up to 1. `l2`: each vector has length 1. `standard`:
    each entry has mean 0 and standard deviation 1 over the data that training may see."""


class IdEmbeddingFeature(Section):
    """A learned vector for each node of a set, looked up by its id. Unknown ids share one vector."""

    type: Literal["id_embedding"] = "id_embedding"
    """This encoding."""

    dim: Count = 16
    """Size of the embedding."""


class DropFeature(_Column):
    """A feature that is deliberately not used. The same as not listing it, but said."""

    type: Literal["drop"] = "drop"
    """This encoding."""


_NodeEncoding = Annotated[
    NumberFeature | CategoryFeature | TextHashFeature | VectorFeature | IdEmbeddingFeature | DropFeature,
    Field(discriminator="type"),
]
_EdgeEncoding = Annotated[
    NumberFeature | CategoryFeature | TextHashFeature | VectorFeature | DropFeature, Field(discriminator="type")
]
_Short = Literal["number", "category", "text_hash", "vector", "drop"]
# The input types tell editors, through the JSON schema, that `number` may stand for `{type: number}`.
_NodeInput = _NodeEncoding | _Short | Literal["id_embedding"]
_EdgeInput = _EdgeEncoding | _Short
_NodeFeature = Annotated[
    _NodeEncoding,
    BeforeValidator(expand_text, json_schema_input_type=_NodeInput),
]
_EdgeFeature = Annotated[
    _EdgeEncoding,
    BeforeValidator(expand_text, json_schema_input_type=_EdgeInput),
]

Encoding = NumberFeature | CategoryFeature | TextHashFeature | VectorFeature | IdEmbeddingFeature


class Features(Section):
    """The inputs of the model. Nothing that is not listed is fed to it."""

    node_sets: dict[str, dict[str, _NodeFeature]] = {}
    """node set -> name -> encoding: `number`, `category`, `text_hash`, `vector`, `id_embedding` or `drop`, as a
    text, or as a mapping `{type: ..., ...}` with options. Node sets without an entry start from a constant."""

    edge_sets: dict[str, dict[str, _EdgeFeature]] = {}
    """edge set -> name -> encoding, as for node sets but without `id_embedding`."""

    context: dict[str, _EdgeFeature] = {}
    """For tasks about graphs: name -> encoding of a feature of the context, as for edge sets. Each node of the task's
    `node_set` starts from its own features and these of its graph."""

    exclude: tuple[Text, ...] = ()
    """Features, as `set.feature`, that must never be inputs: naming one above is an error."""

    def encoding(self, kind: str, set_name: str) -> dict[str, Encoding]:
        """The encodings of one set without the dropped ones. kind: `node_sets`, `edge_sets` or `context`."""
        entries: Any = self.context if kind == "context" else getattr(self, kind).get(set_name, {})
        return {name: entry for name, entry in entries.items() if not isinstance(entry, DropFeature)}
