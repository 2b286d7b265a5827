"""`gnnkit compare RUN...`."""

import json
from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  gnnkit compare runs/demo-0 runs/demo-1
  gnnkit compare runs/sweep/* --metric test.accuracy
  gnnkit compare runs/* --json
"""
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--metric", default=None, metavar="PART.NAME", help="Order by this metric, such as test.accuracy.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a run.")
def compare(runs: tuple[Path, ...], metric: str | None, as_json: bool) -> None:
    """The metrics of finished runs side by side, with the config values in which they differ."""
    from gnnkit.runner.pipeline._compare import compare_runs

    comparison = compare_runs(runs, metric=metric)
    if as_json:
        for row in comparison.rows:
            click.echo(json.dumps(row.to_dict()))
    else:
        comparison.show()
