"""Providers: datasets that exist already, and files."""

from collections.abc import Callable, Sequence
from typing import Any, final

import tensorflow as tf

from gnnkit.runner._interfaces import DatasetProvider
from gnnkit.runner.data._files import check_one_source, file_names, read_files


@final
class PassthruDatasetProvider(DatasetProvider):
    """Gives a dataset as it is, whatever the input pipeline.

    dataset: unbatched serialized Examples or scalar GraphTensors.
    shuffle_datasets: shuffles the examples, anew in each epoch, in a buffer of `examples_shuffle_size`
        (the whole dataset by default, whose size must then be known).
    seed: of the shuffling.

    >>> import tensorflow as tf
    >>> provider = PassthruDatasetProvider(tf.data.Dataset.range(3))
    >>> [int(x) for x in provider.get_dataset(tf.distribute.InputContext())]
    [0, 1, 2]
    """

    def __init__(
        self,
        dataset: tf.data.Dataset,
        *,
        shuffle_datasets: bool = False,
        examples_shuffle_size: int | None = None,
        seed: int | None = None,
    ) -> None:
        self._dataset = dataset
        self._shuffle = shuffle_datasets
        self._buffer = examples_shuffle_size
        self._seed = seed

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """The dataset. ValueError: it is to be shuffled, but neither its size nor `examples_shuffle_size` is known."""
        if not self._shuffle:
            return self._dataset
        buffer = self._buffer or int(self._dataset.cardinality())
        if buffer < 1:
            raise ValueError(
                "PassthruDatasetProvider(shuffle_datasets=True) needs a dataset of known size, but its cardinality is "
                f"{'infinite' if buffer == tf.data.INFINITE_CARDINALITY else 'unknown'}. Pass examples_shuffle_size=..."
            )
        return self._dataset.shuffle(buffer, seed=self._seed)


@final
class SimpleDatasetProvider(DatasetProvider):
    """Reads files, shared out among input pipelines: each reads every n-th file, n their number.

    Where there are more pipelines than files, those that share a file take every m-th of its examples.

    file_pattern: a glob pattern; or filenames: a list. Exactly one.
    shuffle_filenames: reads the files in a new order in each epoch.
    interleave_fn: file name (string `[]`) to dataset.
    examples_shuffle_size: the buffer in which examples are shuffled; by default they are not.
    seed: of both shuffles.

    ValueError: none or both of `file_pattern` and `filenames`, or no file.
    """

    def __init__(
        self,
        file_pattern: str | None = None,
        *,
        filenames: Sequence[str] | None = None,
        shuffle_filenames: bool = False,
        interleave_fn: Callable[..., tf.data.Dataset],
        examples_shuffle_size: int | None = None,
        seed: int | None = None,
    ) -> None:
        check_one_source("file_pattern", file_pattern, "filenames", filenames)
        self._pattern = file_pattern
        self._filenames = None if filenames is None else list(filenames)
        self._shuffle_filenames = shuffle_filenames
        self._interleave_fn = interleave_fn
        self._buffer = examples_shuffle_size
        self._seed = seed

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """The share of `context`: each example goes to one input pipeline. ValueError: there is no file."""
        return read_files(
            file_names(self._pattern, self._filenames),
            context,
            interleave_fn=self._interleave_fn,
            shuffle_filenames=self._shuffle_filenames,
            examples_shuffle_size=self._buffer,
            seed=self._seed,
        )


@final
class TFRecordDatasetProvider(DatasetProvider):
    """Reads TFRecord files of Examples; takes the arguments of `SimpleDatasetProvider` but `interleave_fn`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._files = SimpleDatasetProvider(*args, interleave_fn=tf.data.TFRecordDataset, **kwargs)

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """See `SimpleDatasetProvider.get_dataset`."""
        return self._files.get_dataset(context)
