"""`gnnkit run CONFIG`."""

import contextlib
import sys
from pathlib import Path

import click

# `--help` must not reflow the lists of examples.
_EPILOG = """\b
Examples:
  gnnkit run colabs/configs/demo.yaml
  gnnkit run config.yaml --set training.epochs=5
  gnnkit run config.yaml --set seed=1 --set model_dir=runs/second
  gnnkit run config.yaml --set sampling.hops.0.size=4
  gnnkit run config.yaml --set 'model={type: gcn, units: 32}'
  gnnkit run config.yaml --json | tail -n 1 | python3 -m json.tool

A config with a `sweep` section stands for several runs; their results come as a table.
A run that was stopped goes on from its last checkpoint when the same command is given again.
"""


@click.command(epilog=_EPILOG)
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the config, such as training.epochs=5; the value is YAML. Can be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object on the last line.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bars and notes, only the summary.")
def run(config: Path, overrides: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Train, evaluate, explain and export as CONFIG (a YAML file) says.

    The config is checked in full before anything runs. Progress goes to standard error, the summary to standard
    output. What is made lies in `model_dir`.
    """
    from gnnkit.runner import config as config_module

    loaded = config_module.load(config, overrides)

    from gnnkit.runner import pipeline
    from gnnkit.runner.cli._quiet import loading_tensorflow

    with loading_tensorflow(hidden=quiet):
        execute, execute_sweep = pipeline.execute, pipeline.execute_sweep
    with contextlib.redirect_stdout(sys.stderr):
        # Libraries print as they like; standard output belongs to the summary.
        if loaded.sweep is None:
            outcome = execute(loaded, quiet=quiet)
        else:
            outcome = execute_sweep(config, overrides, quiet=quiet)
    if as_json:
        click.echo(outcome.to_json())
    else:
        outcome.show()
