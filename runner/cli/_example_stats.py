"""Statistics of the graphs in files of Examples. Needs TensorFlow."""

import tensorflow as tf
from google.protobuf import text_format
from rich.table import Table
from rich.text import Text

from gnnkit.graph import GraphTensor
from gnnkit.io import GraphStatistics, create_graph_spec_from_schema_pb, parse_example
from gnnkit.io._validate import describe_feature
from gnnkit.runner._errors import RunError
from gnnkit.runner.cli import _example_files as files
from gnnkit.runner.pipeline import Reporter
from gnnkit.schemas import GraphSchema, GraphTensorStats

_AT_ONCE = 128
_HEADER = "# proto-file: gnnkit/schemas/sampled_stats.proto\n# proto-message: GraphTensorStats\n"


def read_statistics(schema: GraphSchema, pattern: str, reporter: Reporter) -> GraphStatistics:
    """Reads all Examples once."""
    spec = create_graph_spec_from_schema_pb(schema)
    names = files.matching_files(pattern)
    size = files.total_size(names)
    statistics = GraphStatistics()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def parser(serialized: tf.Tensor) -> GraphTensor:
        return parse_example(spec, serialized)

    with reporter.stage("read", "Reading examples", size and size // 1024) as advance:
        done = 0
        for batch in files.batches(files.read_records(names), _AT_ONCE):
            statistics.add(files.parse(parser, batch))
            done += sum(record.size for record in batch)
            advance(done // 1024, detail=f"KiB, {statistics.num_graphs:,} examples")
    if not statistics.num_graphs:
        raise RunError(f"{pattern}: there are no Examples in {len(names)} file{'s' * (len(names) > 1)}.")
    for key, numbers in statistics.features.items():
        if numbers.num_not_finite:
            total = numbers.count + numbers.num_not_finite
            reporter.note(
                f"{describe_feature(*key)}: {numbers.num_not_finite:,} of {total:,} values are NaN or infinite "
                "and left out."
            )
    return statistics


def write_statistics(proto: GraphTensorStats, file: str) -> None:
    """Writes the text format. RunError: the file cannot be written."""
    with files.writing(file), tf.io.gfile.GFile(file, "w") as out:
        out.write(_HEADER + text_format.MessageToString(proto))


def stats_table(statistics: GraphStatistics) -> Table:
    """One line for each feature."""
    graphs = statistics.num_graphs
    table = Table(box=None, pad_edge=False, title=f"{graphs:,} graph{'s' * (graphs != 1)}", title_justify="left")
    table.add_column("feature", overflow="fold")
    for column in ("values", "min", "median", "mean", "std", "max"):
        table.add_column(column, justify="right")
    for (set_type, set_name, name), numbers in statistics.features.items():
        cells = [f"{numbers.count:,}"]
        if numbers.count:
            low, median, high = numbers.quantiles(2).tolist()
            cells += [f"{value:,.5g}" for value in (low, median, numbers.mean, numbers.std, high)]
        table.add_row(Text(f"{set_type}/{set_name}.{name}" if set_name else f"{set_type}/{name}"), *cells)
    return table
