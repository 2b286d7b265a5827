"""`gnnkit`: the group of commands. Each command imports what it needs when it runs, so that help is instant."""

import os
from typing import Any

import click

import gnnkit
from gnnkit.runner.cli._compare import compare
from gnnkit.runner.cli._errors import Group
from gnnkit.runner.cli._examples import examples
from gnnkit.runner.cli._run import run
from gnnkit.runner.cli._sample import sample
from gnnkit.runner.cli._trained import evaluate, explain, export, predict
from gnnkit.runner.cli._validate import schema, validate


@click.group(
    cls=Group,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        # Options may be written with underscores, as those of TF-GNN's tools are.
        "token_normalize_func": lambda name: name.replace("_", "-"),
    },
    epilog="""\b
Examples:
  gnnkit run colabs/configs/demo.yaml
  gnnkit run config.yaml --set training.epochs=5 --set seed=1 --json
  gnnkit predict runs/demo-0 --output predictions.parquet
  gnnkit compare runs/demo-0 runs/demo-1
  gnnkit validate config.yaml
  gnnkit schema validate graph_schema.pbtxt
  gnnkit examples print --graph-schema graph_schema.pbtxt --examples train.tfrecord --num-examples 1
""",
)
@click.version_option(gnnkit.__version__, prog_name="gnnkit")
def cli() -> None:
    """Graph neural networks from tables: train, evaluate, explain and export from one config file."""


for command in (run, evaluate, predict, explain, export, compare):
    cli.add_command(command)
cli.add_command(sample)
cli.add_command(validate)
cli.add_command(schema)
cli.add_command(examples)


def main(*arguments: Any, **options: Any) -> Any:
    """Entry point of the command `gnnkit`."""
    # Before anything imports TensorFlow: without it, its C++ side greets on every start.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return cli(*arguments, prog_name="gnnkit", **options)
