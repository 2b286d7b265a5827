"""`gnnkit sample`."""

import json
from pathlib import Path
from typing import Any

import click

_EPILOG = """\b
Examples:
  gnnkit sample config.yaml --part train --output samples/train@8
  gnnkit sample --schema graph_schema.pbtxt --spec sampling_spec.pbtxt --output samples/all@8
  gnnkit sample --schema graph_schema.pbtxt --spec spec.pbtxt --seeds seeds.csv --output samples/some@2
  gnnkit sample --schema schema.pbtxt --spec links.pbtxt --seeds links.csv --link buys --output samples/links@4
  gnnkit sample --schema stores/papers --spec spec.pbtxt --output samples/all@8 --json

A command that was stopped goes on with the first file that is not whole when it is given again; the files are the
same, byte for byte, as if it had not been stopped.
"""


@click.command(epilog=_EPILOG)
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value, as in `gnnkit run`.")
@click.option(
    "--part",
    type=click.Choice(["train", "valid", "test"]),
    help="With CONFIG: sample around the nodes of this part of the split.",
)
@click.option(
    "--schema",
    metavar="FILE",
    help="Instead of CONFIG: the GraphSchema of tables, or the folder of a saved GraphStore.",
)
@click.option("--spec", metavar="FILE", help="With --schema: the SamplingSpec.")
@click.option(
    "--seeds",
    metavar="FILE",
    help="A table (.csv, .parquet, .tfrecord; name@N) with the column id; for links source, target and the features of "
    "_readout. By default all nodes.",
)
@click.option(
    "--link",
    metavar="EDGE_SET",
    help="With links as seeds: the edge set that they are of. By default `_readout/source` and `_readout/target` of the "
    "schema tell which nodes they join, or the spec.",
)
@click.option(
    "--output", required=True, metavar="FILE", help="Where to write TFRecords of Examples; name@N for N files."
)
@click.option("--seed", type=click.IntRange(min=0), help="Of the draws. By default 0, or that of CONFIG.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads that sample; by default one a core.")
@click.option("--overwrite", is_flag=True, help="Replace samples of something else under this name.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object on the last line.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bars and notes, only the summary.")
def sample(
    config: Path | None,
    overrides: tuple[str, ...],
    part: str | None,
    schema: str | None,
    spec: str | None,
    seeds: str | None,
    link: str | None,
    output: str,
    seed: int | None,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Sample subgraphs into files of tf.train.Examples.

    There is one Example a seed, in TF-GNN's format, with all features of the schema; the seed is node 0 of its set.
    """
    if (config is None) == (schema is None):
        raise click.UsageError("Give either CONFIG, or --schema and --spec.")
    if config is None and (spec is None or part is not None or overrides):
        raise click.UsageError("--schema needs --spec; --part and --set need CONFIG.")
    if config is not None and spec is not None:
        raise click.UsageError("--spec goes with --schema; CONFIG has a section `sampling`.")
    if part is not None and seeds is not None:
        raise click.UsageError("Give either --part or --seeds.")
    loaded: Any = None
    if config is not None:
        from gnnkit.runner import config as config_module

        loaded = config_module.load(config, overrides)

    from gnnkit.runner.cli._quiet import loading_tensorflow
    from gnnkit.runner.pipeline import make_reporter

    with loading_tensorflow(hidden=quiet):
        from gnnkit.runner.pipeline import _sample as work
    reporter = make_reporter(quiet=quiet)
    request = work.SampleRequest(
        output=output,
        seeds=seeds,
        link=link,
        seed=seed if seed is not None else getattr(loaded, "seed", 0),
        threads=threads,
        overwrite=overwrite,
    )
    if loaded is not None:
        report = work.sample_from_config(loaded, request, part, reporter)
    else:
        report = work.sample_from_files(str(schema), str(spec), request, reporter)
    summary = {
        "examples": report.examples,
        "written": report.written,
        "files": list(report.files),
        "files_kept": report.kept,
        "bytes": report.bytes,
        "items": dict(sorted(report.items.items())),
        "seconds": {stage: round(value, 3) for stage, value in reporter.seconds.items()},
    }
    if as_json:
        click.echo(json.dumps(summary))
        return
    kept = f", {report.kept} of them kept" if report.kept else ""
    click.echo(
        f"{report.examples:,} examples in {len(report.files)} file(s){kept}, {report.bytes / 1e6:,.1f} MB: {output}"
    )
    if report.written:
        sizes = (f"{name} {count / report.written:,.1f}" for name, count in summary["items"].items())
        click.echo(f"On average: {', '.join(sizes)}")
        rate = report.written / max(report.seconds, 1e-9)
        click.echo(f"{report.written:,} examples in {report.seconds:.1f} s, {rate:,.0f} a second.")
