"""Files of examples, shared out among input pipelines."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

# Fixed, so that the order of examples does not depend on the number of cores.
_FILES_AT_ONCE = 16


def check_one_source(pattern_name: str, pattern: Any, list_name: str, given: Any) -> None:
    """ValueError unless exactly one of a glob pattern and a list of files is given."""
    if (pattern is None) == (given is None):
        raise ValueError(
            f"A provider of files needs exactly one of {pattern_name} (got {pattern!r}) and {list_name} (got {given!r})."
        )


def file_names(pattern: str | None, names: Sequence[str] | None) -> list[str]:
    """The files of a pattern, sorted, or of a list. ValueError: there is none."""
    found = sorted(tf.io.gfile.glob(pattern)) if names is None else list(names)
    if not found:
        raise ValueError(f"No file matches {pattern!r}." if names is None else "The list of file names is empty.")
    return found


def read_files(
    names: Sequence[str],
    context: tf.distribute.InputContext,
    *,
    interleave_fn: Callable[..., tf.data.Dataset],
    shuffle_filenames: bool,
    examples_shuffle_size: int | None,
    seed: int | None,
    repeated: bool = False,
) -> tf.data.Dataset:
    """The examples of the files that belong to `context`. Each example belongs to exactly one input pipeline.

    repeated: the examples will be repeated without end. Where pipelines outnumber files, these may then share examples:
        a pipeline without any could not go on.
    """
    count, index = context.num_input_pipelines, context.input_pipeline_id
    mine = [name for i, name in enumerate(names) if i % count == index % len(names)] if count > 1 else list(names)
    dataset = tf.data.Dataset.from_tensor_slices(mine)
    if shuffle_filenames:
        dataset = dataset.shuffle(len(mine), seed=seed)
    dataset = dataset.interleave(
        interleave_fn,
        cycle_length=min(len(mine), _FILES_AT_ONCE),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    if count > len(names) and not repeated:
        # Several pipelines read this file, and take turns with its examples.
        sharers = range(index % len(names), count, len(names))
        dataset = dataset.shard(len(sharers), index // len(names))
    return dataset.shuffle(examples_shuffle_size, seed=seed) if examples_shuffle_size else dataset
