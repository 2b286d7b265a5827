"""Where the graph comes from."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from gnnkit.runner.config._base import Section, Text, infer_type
from gnnkit.runner.config._source import Source
from gnnkit.runner.config._user_class import UserClass


def _resolve(path: Path, info: ValidationInfo) -> Path:
    """Inputs lie where the config file says, not where the command is typed."""
    path = path.expanduser()
    return (info.context.directory / path).resolve() if isinstance(info.context, Source) else path


InputPath = Annotated[Path, AfterValidator(_resolve)]


class TableData(Section):
    """Node and edge tables (CSV, Parquet, TFRecord) described by a `GraphSchema`."""

    type: Literal["tables"] = "tables"
    """Given by the key `schema`; need not be written."""

    schema_file: InputPath = Field(alias="schema")
    """The `GraphSchema` file (text `.pbtxt` or binary `.pb`); relative to the config file."""

    directory: InputPath | None = None
    """The folder of the tables that the schema names; by default the folder of the schema."""

    on_bad_rows: Literal["error", "skip"] = "error"
    """What to do with a row of an unknown endpoint, an empty or repeated id, a value of a wrong type: stop with
    file, row and column, or leave the row out, count it and say so."""

    backward: dict[Text, Text] = {}
    """Further edge sets, each of which follows another one from its target to its source: new name -> edge set. The
    edges and their features are stored once. (A schema can have them as well, marked `edge_type: reversed`.)"""

    @property
    def folder(self) -> Path:
        """The folder that file names in the schema start from."""
        return self.directory or self.schema_file.parent


class StoreData(Section):
    """A graph that `GraphStore.save` has indexed and saved; it is opened at once and read from disk as it is sampled."""

    type: Literal["store"] = "store"
    """Given by the key `store`; need not be written."""

    store: InputPath
    """The folder of the saved store; relative to the config file."""


class DatasetData(Section):
    """A dataset that gnnkit knows by name."""

    type: Literal["dataset"] = "dataset"
    """Given by the key `dataset`; need not be written."""

    dataset: Literal["academic", "cora"]
    """`academic`: generated papers, authors, institutions and fields, labels need two hops.
    `cora`: the Cora citation graph in its standard (Planetoid) split."""

    directory: InputPath | None = None
    """The folder that holds the dataset's files, for datasets that have files; relative to the config file. By default
    the folder that the environment variable GNNKIT_DATA names, then `~/.cache/gnnkit`."""

    args: dict[str, Any] = {}
    """Further arguments of the dataset's function in `gnnkit.datasets`, such as `num_papers` or `seed`."""

    backward: dict[Text, Text] = {}
    """Further edge sets, each of which follows another one backwards: new name -> edge set."""


class ExamplesData(Section):
    """Many graphs, each a serialized `tf.train.Example` in TFRecord files, for tasks about whole graphs.

    The labels, and the feature that splits, are features of the context.
    """

    type: Literal["examples"] = "examples"
    """Given by the key `examples`; need not be written."""

    examples: InputPath
    """The TFRecord file, or a pattern such as `graphs/part-*`; relative to the config file."""

    schema_file: InputPath = Field(alias="schema")
    """The `GraphSchema` file of the graphs; relative to the config file."""

    def files(self) -> list[Path]:
        """The files that there are, sorted."""
        return sorted(self.examples.parent.glob(self.examples.name)) if self.examples.parent.is_dir() else []


class ProviderData(UserClass):
    """Many graphs, out of a `gnnkit.runner.DatasetProvider` of the user's, for tasks about whole graphs.

    Its `get_dataset` is read once, into memory: serialized `tf.train.Example`s or scalar `GraphTensor`s.
    """

    type: Literal["provider"] = "provider"
    """Given by the key `class`; need not be written."""

    schema_file: InputPath = Field(alias="schema")
    """The `GraphSchema` file of the graphs; relative to the config file."""


Data = Annotated[
    TableData | DatasetData | StoreData | ExamplesData | ProviderData,
    Field(discriminator="type"),
    BeforeValidator(
        infer_type(
            ("dataset", "dataset"),
            ("store", "store"),
            ("examples", "examples"),
            ("class", "provider"),
            default="tables",
        )
    ),
]
