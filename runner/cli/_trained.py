"""`gnnkit evaluate | predict | explain | export`: what can be done with a finished run."""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_RUN = click.argument("model_dir", type=click.Path(path_type=Path))
_SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the run's config, such as data.schema=other/graph_schema.pbtxt. Can be repeated.",
)
_QUIET = click.option("--quiet", "-q", is_flag=True, help="No progress bars and notes.")
_PART = click.Choice(["train", "valid", "test"])
_IDS = click.option(
    "--ids",
    metavar="A,B,...",
    help="Ids of nodes, separated by commas; of edges and links SOURCE->TARGET; of graphs their numbers.",
)
_IDS_FILE = click.option(
    "--ids-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file with one id a line."
)
_ONE_PART = click.option("--part", type=_PART, help="Those of a part of the split.")


def _with_run(model_dir: Path, overrides: tuple[str, ...], quiet: bool, use: Callable[[Any, Any], Any]) -> Any:
    """Loads the run and calls `use(run, reporter)`; standard output stays free for the result."""
    from gnnkit.runner import pipeline
    from gnnkit.runner.cli._quiet import loading_tensorflow

    with loading_tensorflow(hidden=quiet):
        load_run = pipeline.load_run
    reporter = pipeline.make_reporter(quiet=quiet)
    with contextlib.redirect_stdout(sys.stderr):
        return use(load_run(model_dir, overrides, reporter=reporter), reporter)


def _chosen(ids: str | None, ids_file: Path | None, part: str | None) -> list[str] | None:
    """The ids of the command line, or None. Usage error: more than one way to choose nodes."""
    if sum(option is not None for option in (ids, ids_file, part)) > 1:
        raise click.UsageError("Choose nodes in one way: --ids, --ids-file or --part.")
    if ids_file is not None:
        return [line.strip() for line in ids_file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return None if ids is None else [one.strip() for one in ids.split(",") if one.strip()]


@click.command(
    epilog="""\b
Examples:
  gnnkit evaluate runs/demo-0
  gnnkit evaluate runs/demo-0 --part train --part test --json
  gnnkit evaluate runs/demo-0 --set data.schema=newer/graph_schema.pbtxt
"""
)
@_RUN
@click.option("--part", "parts", multiple=True, type=_PART, help="A part of the split; by default valid and test.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_SET
@_QUIET
def evaluate(model_dir: Path, parts: tuple[str, ...], as_json: bool, overrides: tuple[str, ...], quiet: bool) -> None:
    """Metrics of the model of the finished run in MODEL_DIR."""
    metrics = _with_run(
        model_dir, overrides, quiet, lambda run, reporter: run.evaluate(parts or None, reporter=reporter)
    )
    if as_json:
        click.echo(json.dumps(metrics))
        return
    for part, values in metrics.items():
        click.echo(f"{part}: " + ", ".join(f"{name} {value:.4f}" for name, value in sorted(values.items())))


@click.command(
    epilog="""\b
Examples:
  gnnkit predict runs/demo-0 --output predictions.parquet
  gnnkit predict runs/demo-0 --part test --output predictions.csv
  gnnkit predict runs/demo-0 --ids P1,P7
  gnnkit predict runs/links-0 --ids 'JFK->LHR,JFK->CDG'
  gnnkit predict runs/joint-0 --task label --part test
  gnnkit predict runs/demo-0 --set data.schema=newer/graph_schema.pbtxt --output newer.csv
"""
)
@_RUN
@_IDS
@_IDS_FILE
@_ONE_PART
@click.option("--task", metavar="NAME", help="One of several tasks; by default the first that has labels.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="A .parquet or .csv file; by default CSV is printed."
)
@_SET
@_QUIET
def predict(
    model_dir: Path,
    ids: str | None,
    ids_file: Path | None,
    part: str | None,
    task: str | None,
    output: Path | None,
    overrides: tuple[str, ...],
    quiet: bool,
) -> None:
    """Classes, numbers or probabilities, by the model of the finished run in MODEL_DIR; by default for everything that
    its task is about."""
    chosen = _chosen(ids, ids_file, part)
    if output is not None and output.suffix not in (".parquet", ".csv"):
        raise click.UsageError(f"--output {output}: expected a name that ends with .parquet or .csv.")
    predictions = _with_run(
        model_dir, overrides, quiet, lambda run, reporter: run.predict(chosen, part=part, task=task, reporter=reporter)
    )
    if output is None:
        import pyarrow.csv

        sink = sys.stdout.buffer
        pyarrow.csv.write_csv(predictions.to_arrow(), sink)
        sink.flush()
    else:
        click.echo(f"{len(predictions):,} predictions in {predictions.write(output)}.", err=True)


@click.command(
    epilog="""\b
Examples:
  gnnkit explain runs/demo-0
  gnnkit explain runs/demo-0 --ids P1,P7 --output why
  gnnkit explain runs/demo-0 --part valid --json
  gnnkit explain runs/demo-0 --ids P1 --explainer gnn_explainer
  gnnkit explain runs/demo-0 --set attribution.baseline=mean
"""
)
@_RUN
@_IDS
@_IDS_FILE
@_ONE_PART
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Folder for attribution.json and the picture; by default `explain` in MODEL_DIR.",
)
@click.option(
    "--explainer",
    type=click.Choice(["integrated_gradients", "gnn_explainer", "attention"]),
    help="How to explain; by default as the run's config says.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many features, nodes and edges to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_SET
@_QUIET
def explain(
    model_dir: Path,
    ids: str | None,
    ids_file: Path | None,
    part: str | None,
    output: Path | None,
    explainer: str | None,
    top: int,
    as_json: bool,
    overrides: tuple[str, ...],
    quiet: bool,
) -> None:
    """What the predictions rest on, features, nodes and edges: tables, a file with details and a picture."""
    chosen = _chosen(ids, ids_file, part)
    folder = output or model_dir / "explain"
    explanation = _with_run(
        model_dir,
        overrides,
        quiet,
        lambda run, reporter: run.explain(chosen, part=part, explainer=explainer, output=folder, reporter=reporter),
    )
    from gnnkit.runner.pipeline import top_features

    picture = _draw(explanation, folder, top)
    files = {"attribution": str(explanation.path), **({"picture": str(picture)} if picture else {})}
    if as_json:
        features = [
            {"feature": s.feature, "score": s.score, "share": s.share} for s in top_features(explanation.scores, top)
        ]
        document = {
            "explainer": explanation.explainer,
            "top": features,
            "nodes": dict(list(explanation.nodes.items())[:top]),
            "edges": dict(list(explanation.edges.items())[:top]),
            "completeness_error": explanation.completeness_error,
            "share_kept": explanation.share_kept,
            "files": files,
        }
        click.echo(json.dumps(document))
        return
    for title, scores in explanation.tables.items():
        click.echo(f"{title}:")
        for score in top_features(scores, top):
            click.echo(f"{score.score:11.4f} {score.share:7.1%}  {score.feature}")
    quality = f"{explanation.quality[:1].upper()}{explanation.quality[1:]}. " if explanation.quality else ""
    click.echo(f"{quality}Details: {', '.join(files.values())}.")


def _draw(explanation: Any, folder: Path, top: int) -> Path | None:
    from gnnkit import viz

    try:
        return viz.save_figure(viz.draw_explanation(explanation.tables, top=top), folder / "attribution.png")
    except ImportError as error:
        click.echo(f"No picture: {error}", err=True)
        return None


@click.command(
    epilog="""\b
Examples:
  gnnkit export runs/demo-0 --output served/1
"""
)
@_RUN
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder; by default `export` in MODEL_DIR.")
@_SET
@_QUIET
def export(model_dir: Path, output: Path | None, overrides: tuple[str, ...], quiet: bool) -> None:
    """Write a SavedModel that scores serialized tf.train.Examples without gnnkit, and model.keras beside it."""
    folder = output or model_dir / "export"
    _with_run(model_dir, overrides, quiet, lambda run, reporter: run.export(folder))
    click.echo(f"The model is in {folder}.")
