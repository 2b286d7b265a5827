"""`gnnkit validate CONFIG` and `gnnkit schema ...`: checks without a run."""

import json
import sys
from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  gnnkit validate colabs/configs/openflights.yaml
  gnnkit validate config.yaml --set model.type=gcn
  gnnkit validate config.yaml --resolved > full.yaml
"""
)
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value, as in `gnnkit run`.")
@click.option("--resolved", is_flag=True, help="Print the config with every default written out.")
def validate(config: Path, overrides: tuple[str, ...], resolved: bool) -> None:
    """Check CONFIG and the names in it against the schema of its data, without running anything."""
    from gnnkit.runner import config as config_module
    from gnnkit.runner import pipeline
    from gnnkit.runner._errors import RunError

    loaded = config_module.load(config, overrides)
    schema = config_module.schema_of(loaded)
    if schema is None or not isinstance(loaded.data, config_module.TableData):
        # Datasets by name are small or generated: the quickest way to their schema is to make them.
        notes = config_module.check_against_schema(loaded, pipeline.read(loaded, pipeline.SilentReporter()).schema)
    else:
        notes = config_module.check_against_schema(loaded, schema)
        if problems := config_module.table_problems(schema, loaded.data.folder):
            raise RunError("\n  ".join([f"{loaded.data.schema_file}: tables are missing:", *problems]))
    for note in notes:
        click.echo(f"Note: {note}", err=True)
    if resolved:
        click.echo(config_module.to_yaml(loaded), nl=False)
    else:
        click.echo(f"{config} is valid.")


@click.group()
def schema() -> None:
    """Look at graph schemas, and at the schema of config files."""


@schema.command(
    "validate",
    epilog="""\b
Examples:
  gnnkit schema validate graph_schema.pbtxt
  gnnkit schema validate graph_schema.pbtxt --no-tables
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--tables/--no-tables", default=True, help="Whether the tables that the schema names must be there.")
def validate_schema(file: Path, tables: bool) -> None:
    """Check FILE, a GraphSchema in text (.pbtxt) or binary (.pb) form."""
    from gnnkit.runner._errors import RunError
    from gnnkit.runner.config import read_schema_file, schema_problems, table_problems

    try:
        parsed = read_schema_file(file)
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise RunError(str(error)) from None
    problems = schema_problems(parsed)
    if tables:
        problems += table_problems(parsed, file.parent)
    if problems:
        raise RunError("\n  ".join([f"{file} has {len(problems)} problem{'s' * (len(problems) > 1)}:", *problems]))
    nodes, edges = len(parsed.node_sets), len(parsed.edge_sets)
    click.echo(f"{file} is valid: {nodes} node set{'s' * (nodes != 1)}, {edges} edge set{'s' * (edges != 1)}.")


@schema.command("config")
def config_schema() -> None:
    """Print the JSON schema of config files, for editors that complete and check YAML."""
    from gnnkit.runner.config import RunConfig

    json.dump(RunConfig.model_json_schema(), sys.stdout, indent=1)
    click.echo()
