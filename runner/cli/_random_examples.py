"""Files of random Examples. Needs TensorFlow."""

import numpy as np
import tensorflow as tf

from gnnkit.io import create_graph_spec_from_schema_pb, random_graph_tensor, write_example
from gnnkit.runner.cli import _example_files as files
from gnnkit.runner.pipeline import Reporter
from gnnkit.schemas import GraphSchema


def write_random_examples(
    schema: GraphSchema, name: str, num_examples: int, *, seed: int | None, reporter: Reporter
) -> None:
    """Writes TFRecord files of Examples. name: of the file, or `name@N`. seed: fixes what is in them."""
    spec = create_graph_spec_from_schema_pb(schema)
    draw = tf.function(lambda seed: random_graph_tensor(spec, seed=seed), autograph=False)
    seeds = np.random.SeedSequence(seed).generate_state(num_examples, np.uint64).view(np.int64)
    names = files.output_files(name)
    with reporter.stage("write", "Writing examples", num_examples) as advance:
        for file, part in zip(names, np.array_split(np.arange(num_examples), len(names)), strict=True):
            with files.writing(file), tf.io.TFRecordWriter(file, files.compression(file)) as writer:
                for i in part.tolist():
                    example = write_example(draw(tf.constant(seeds[i])))
                    writer.write(example.SerializeToString(deterministic=True))
                    advance(i + 1)
