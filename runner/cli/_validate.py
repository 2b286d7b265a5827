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
    if schema is None:
        # Datasets by name are small or generated: the quickest way to their schema is to make them.
        notes = config_module.check_against_schema(loaded, pipeline.read(loaded, pipeline.SilentReporter()).schema)
    else:
        notes = config_module.check_against_schema(loaded, schema)
        data = loaded.data
        if isinstance(data, config_module.TableData) and (
            problems := config_module.table_problems(schema, data.folder)
        ):
            raise RunError("\n  ".join([f"{data.schema_file}: tables are missing:", *problems]))
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
  gnnkit schema validate graph_schema.pbtxt --tables
""",
)
@click.argument("file", required=False)
@click.option("--graph-schema", metavar="FILE", help="FILE, for command lines of tfgnn_validate_graph_schema.")
@click.option("--tables/--no-tables", default=False, help="Whether the tables that the schema names must be there.")
def validate_schema(file: str | None, graph_schema: str | None, tables: bool) -> None:
    """Check FILE, a GraphSchema in text (.pbtxt) or binary (.pb) form.

    Errors end with code 1. Warnings are of things that work, but are probably not meant.
    """
    from gnnkit.io._validate import schema_problems
    from gnnkit.runner.cli._schema_file import read_schema_file, refuse

    if (file is None) == (graph_schema is None):
        raise click.UsageError("Give one schema file: gnnkit schema validate FILE.")
    file = file or graph_schema or ""
    parsed = read_schema_file(file)
    errors, warnings = schema_problems(parsed)
    problems = [str(error) for error in errors]
    if tables:
        from gnnkit.runner.config import table_problems

        problems += table_problems(parsed, Path(file).parent)
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    refuse(file, problems)
    nodes, edges = len(parsed.node_sets), len(parsed.edge_sets)
    click.echo(f"{file} is valid: {nodes} node set{'s' * (nodes != 1)}, {edges} edge set{'s' * (edges != 1)}.")


@schema.command("config")
def config_schema() -> None:
    """Print the JSON schema of config files, for editors that complete and check YAML."""
    from gnnkit.runner.config import RunConfig

    json.dump(RunConfig.model_json_schema(), sys.stdout, indent=1)
    click.echo()
