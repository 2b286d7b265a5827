"""`gnnkit examples ...`: files of tf.train.Examples, made up, printed and counted."""

import sys

import click

_SCHEMA = click.option("--graph-schema", required=True, metavar="FILE", help="The GraphSchema of the Examples.")
_QUIET = click.option("--quiet", "-q", is_flag=True, help="No progress bars and notes.")
_FILES = "A path, a pattern such as 'train-*', or name@N for N files."
_FORMAT = {"type": click.Choice(["tfrecord"]), "default": "tfrecord", "show_default": True, "expose_value": False}


@click.group()
def examples() -> None:
    """Make up, print and count graphs in files of tf.train.Examples.

    The options are those of TF-GNN's tools tfgnn_generate_training_data, tfgnn_print_training_data and
    tfgnn_sampled_stats, with - or _ between words.
    """


@examples.command(
    epilog="""\b
Examples:
  gnnkit examples generate --graph-schema graph_schema.pbtxt --examples random.tfrecord
  gnnkit examples generate --graph-schema graph_schema.pbtxt --examples random@4 --num-examples 1000 --seed 1
"""
)
@_SCHEMA
@click.option("--examples", required=True, metavar="FILE", help="Where to write; name@N for N files.")
@click.option("--num-examples", type=click.IntRange(min=0), default=100, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(min=0), help="The same seed gives the same files.")
@click.option("--file-format", help="The format to write.", **_FORMAT)
@_QUIET
def generate(graph_schema: str, examples: str, num_examples: int, seed: int | None, quiet: bool) -> None:
    """Write random graphs that fit a schema."""
    from gnnkit.runner.cli._quiet import loading_tensorflow
    from gnnkit.runner.cli._schema_file import read_valid_schema
    from gnnkit.runner.pipeline import make_reporter

    schema = read_valid_schema(graph_schema)
    with loading_tensorflow(hidden=quiet):
        from gnnkit.runner.cli._random_examples import write_random_examples
    write_random_examples(schema, examples, num_examples, seed=seed, reporter=make_reporter(quiet=quiet))


@examples.command(
    "print",
    epilog="""\b
Examples:
  gnnkit examples print --graph-schema graph_schema.pbtxt --examples train.tfrecord --num-examples 1
  gnnkit examples print --graph-schema graph_schema.pbtxt --examples 'train-*' --mode json | head -n 3
""",
)
@_SCHEMA
@click.option("--examples", required=True, metavar="FILES", help=_FILES)
@click.option(
    "--mode",
    type=click.Choice(["python", "json", "textproto"]),
    default="python",
    show_default=True,
    help="Python literals; a line of JSON for each graph; or the Examples as they are.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=0),
    default=0,
    help="Graphs in a batch, in modes python and json. By default they are not batched.",
)
@click.option(
    "--num-examples", type=click.IntRange(min=0), default=0, help="Graphs (or batches) to print; by default all."
)
@click.option("--file-format", help="The format to read.", **_FORMAT)
def print_(graph_schema: str, examples: str, mode: str, batch_size: int, num_examples: int) -> None:
    """Print graphs."""
    from gnnkit.runner.cli._quiet import loading_tensorflow
    from gnnkit.runner.cli._schema_file import read_valid_schema

    schema = read_valid_schema(graph_schema)
    with loading_tensorflow():
        from gnnkit.runner.cli._example_text import example_texts
    for text in example_texts(schema, examples, mode=mode, batch_size=batch_size, num_examples=num_examples):
        click.echo(text)


@examples.command(
    epilog="""\b
Examples:
  gnnkit examples stats --graph-schema graph_schema.pbtxt --input-pattern 'train-*' --output-filename stats.pbtxt
"""
)
@_SCHEMA
@click.option("--input-pattern", required=True, metavar="FILES", help=_FILES)
@click.option("--output-filename", required=True, metavar="FILE", help="Where to write a GraphTensorStats as text.")
@click.option(
    "--num-quantiles",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Parts of equal size, whose bounds are written.",
)
@click.option("--input-format", help="The format to read.", **_FORMAT)
@click.option("--runner", type=click.Choice(["direct"]), hidden=True, expose_value=False)
@_QUIET
def stats(graph_schema: str, input_pattern: str, output_filename: str, num_quantiles: int, quiet: bool) -> None:
    """Write statistics of all numeric features.

    These are minimum, maximum, mean, standard deviation and quantiles, and the sizes of up to 1,000 graphs. The
    Examples are read once, in bounded memory: quantiles of more than 65,536 values are off by at most 0.03 % in
    rank, up to a billion values. On a terminal, a table is printed too.
    """
    from gnnkit.runner.cli._quiet import loading_tensorflow
    from gnnkit.runner.cli._schema_file import read_valid_schema
    from gnnkit.runner.pipeline import make_reporter

    schema = read_valid_schema(graph_schema)
    with loading_tensorflow(hidden=quiet):
        from gnnkit.runner.cli import _example_stats as work
        from gnnkit.runner.cli._example_files import check_folder

    check_folder(output_filename)
    statistics = work.read_statistics(schema, input_pattern, make_reporter(quiet=quiet))
    work.write_statistics(statistics.to_proto(num_quantiles), output_filename)
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(work.stats_table(statistics))
