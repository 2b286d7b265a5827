"""Reads a `GraphSchema` file without TensorFlow, so that a config is checked at once."""

from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import message, text_format

from gnnkit._names import EDGES, NODES
from gnnkit.runner.config._checks import static_problems
from gnnkit.runner.config._data import DatasetData, StoreData
from gnnkit.runner.config._errors import ConfigError, Problem
from gnnkit.runner.config._run import RunConfig
from gnnkit.runner.config._schema_checks import problems_with_schema

if TYPE_CHECKING:
    from gnnkit.schemas import GraphSchema


def read_schema_file(path: str | Path) -> "GraphSchema":
    """Reads a graph schema: text, or binary where the name ends in `.pb` or `.binpb`.

    Raises `OSError` for a file that cannot be read, `ValueError` with the line for one that is no `GraphSchema`.
    """
    from gnnkit.schemas import GraphSchema

    path = Path(path)
    data = path.read_bytes()
    try:
        if path.suffix in (".pb", ".binpb"):
            return GraphSchema.FromString(data)
        return text_format.Parse(data.decode("utf-8"), GraphSchema())
    except (text_format.ParseError, message.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a GraphSchema: {error}") from None


def schema_of(config: RunConfig) -> "GraphSchema | None":
    """The schema of the tables, examples or saved store that a config names, with the edge sets of `backward`.

    None for a dataset by name, and a store without a schema. Raises `OSError`, `ValueError`.
    """
    from gnnkit.samplers._backward import with_backward_sets
    from gnnkit.samplers._store_document import read_store_schema

    if isinstance(config.data, StoreData):
        return read_store_schema(config.data.store)
    if isinstance(config.data, DatasetData):
        return None
    schema = read_schema_file(config.data.schema_file)
    try:
        return with_backward_sets(schema, getattr(config.data, "backward", {}))
    except ValueError as error:
        raise config.error(("data", "backward"), str(error)) from None


def check(config: RunConfig) -> None:
    """Raises `ConfigError` for all that is wrong with a config and its schema. `load` has done it; configs that were
    made in Python have not been through it."""
    problems = static_problems(config)
    schema = None
    where = ("data", "store" if isinstance(config.data, StoreData) else "schema")
    if not any(problem.path[:2] == where for problem in problems):
        try:
            schema = schema_of(config)
        except ConfigError as error:
            problems += error.problems
        except (OSError, ValueError) as error:
            problems.append(Problem(path=where, message=f"{error}"))
    if schema is not None:
        wrong = schema_problems(schema)
        problems += [Problem(path=where, message=f"in the schema: {text}") for text in wrong]
        # Names are compared with a schema that is sound only: the rest would follow from its faults.
        problems += problems_with_schema(config, schema) if not wrong else []
    if problems:
        raise ConfigError(problems, config._source)


def schema_problems(schema: "GraphSchema") -> list[str]:
    """What is wrong within a schema: what `gnnkit.validate_schema` says, and that sets or features cannot be read."""
    from gnnkit.io import _validate

    problems = [] if schema.node_sets else ["there are no node sets."]
    problems += [
        f"{_validate.describe_feature(kind, name, feature)}: the name is reserved; drop the '#'."
        for kind, sets in ((NODES, schema.node_sets), (EDGES, schema.edge_sets))
        for name in sorted(sets)
        for feature in sorted(sets[name].features)
        if feature.startswith("#") and feature != "#id"
    ]
    return problems + [str(error) for error in _validate.schema_problems(schema)[0]]


def table_problems(schema: "GraphSchema", directory: Path) -> list[str]:
    """Sets whose table is not there. directory: the folder that file names start from."""
    problems: list[str] = []
    for kind, sets in (("node set", schema.node_sets), ("edge set", schema.edge_sets)):
        for name in sorted(sets):
            file = sets[name].metadata.filename
            if not file:
                # Nodes are then those that edges mention; auxiliary sets (`_readout`) have no table.
                if kind == "edge set" and not name.startswith("_"):
                    problems.append(f"{kind} {name!r} has no table; set metadata {{ filename: ... }} in the schema.")
            elif not _is_there(directory / file):
                problems.append(f"{kind} {name!r}: there is no table {str(directory / file)!r}.")
    return problems


def _is_there(path: Path) -> bool:
    """Whether a table is there: as a file, as shards `name-00000-of-0000N` of `name@N`, or as a pattern."""
    name, at, shards = path.name.rpartition("@")
    if at and shards.isdigit():
        return all((path.parent / f"{name}-{i:05d}-of-{int(shards):05d}").is_file() for i in range(int(shards)))
    return path.is_file() or any(True for _ in path.parent.glob(path.name))
