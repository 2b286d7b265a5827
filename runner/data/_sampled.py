"""Providers that mix examples of one principal dataset with those of extra datasets."""

from collections.abc import Callable, Sequence
from typing import Any, final

import tensorflow as tf

from gnnkit.runner._interfaces import DatasetProvider
from gnnkit.runner.data._files import check_one_source, file_names, read_files


class _Mixture:
    """How datasets are mixed; the arguments are those of `PassthruSampleDatasetsProvider`."""

    def __init__(
        self,
        num_extra: int,
        principal_weight: float | None,
        extra_weights: Sequence[float] | None,
        principal_cardinality: int | None,
        fixed_cardinality: bool,
        seed: int | None,
    ) -> None:
        if (principal_weight is None) != (extra_weights is None):
            raise ValueError(
                f"Weights of datasets: pass both of principal_weight (got {principal_weight!r}) and extra_weights "
                f"(got {extra_weights!r}), or neither for equal weights."
            )
        extra = [1.0] * num_extra if extra_weights is None else list(extra_weights)
        if len(extra) != num_extra:
            raise ValueError(f"There are {num_extra} extra datasets, but {len(extra)} extra_weights: {extra}.")
        weights = [1.0 if principal_weight is None else principal_weight, *extra]
        if weights[0] <= 0 or min(weights) < 0:
            raise ValueError(
                f"Weights of datasets must not be negative, and principal_weight not 0, but are {weights}."
            )
        if fixed_cardinality and (principal_cardinality is None or principal_cardinality < 1):
            raise ValueError(
                "fixed_cardinality=True needs principal_cardinality, the number of examples of the principal dataset, "
                f"but got {principal_cardinality!r}."
            )
        total = sum(weights)
        self._weights = [w / total for w in weights]
        self._count: int | None = None
        if fixed_cardinality and principal_cardinality is not None:
            self._count = int(principal_cardinality / self._weights[0])
        self._seed = seed

    @property
    def repeats_principal(self) -> bool:
        """Whether the principal dataset is repeated, as the extra ones are."""
        return self._count is not None

    def __call__(
        self, principal: tf.data.Dataset, extra: Sequence[tf.data.Dataset], context: tf.distribute.InputContext
    ) -> tf.data.Dataset:
        """The mixture. ValueError: datasets of different types."""
        for i, dataset in enumerate(extra):
            if dataset.element_spec != principal.element_spec:
                raise ValueError(
                    f"The principal dataset has elements of type {principal.element_spec}, but extra dataset {i} of "
                    f"type {dataset.element_spec}. They can only be mixed if these are the same."
                )
        extra = [dataset.repeat() for dataset in extra]
        if self._count is not None:
            principal = principal.repeat()
        mixed = tf.data.Dataset.sample_from_datasets(
            [principal, *extra], self._weights, seed=self._seed, stop_on_empty_dataset=True
        )
        if self._count is None:
            return mixed
        pipelines, index = context.num_input_pipelines, context.input_pipeline_id
        share = self._count // pipelines + (index < self._count % pipelines)
        return mixed.take(share).apply(tf.data.experimental.assert_cardinality(share))


@final
class PassthruSampleDatasetsProvider(DatasetProvider):
    """Mixes datasets: in each step one of them is drawn by weight, and gives its next example.

    principal_dataset: an epoch ends with it, and has each of its examples once.
    extra_datasets: repeated as often as it takes.
    principal_weight, extra_weights: how often each dataset is drawn; equal by default. They need not add up to 1.
    principal_cardinality: the number of examples of the principal dataset.
    fixed_cardinality: makes all epochs equally long, `principal_cardinality` divided by the principal's share of the
        weights. The principal dataset is repeated then, so that an epoch can have one of its examples twice or not.
    shuffle_dataset: shuffles each dataset in a buffer of `examples_shuffle_size` (the whole dataset by default).
    seed: of drawing and shuffling.

    ValueError: weights or numbers that do not fit.

    >>> import tensorflow as tf
    >>> small, large = tf.data.Dataset.range(3), tf.data.Dataset.range(10, 15)
    >>> provider = PassthruSampleDatasetsProvider(small, [large], 0.5, [0.5], seed=1)
    >>> mixed = [int(x) for x in provider.get_dataset(tf.distribute.InputContext())]
    >>> [x for x in mixed if x < 3]
    [0, 1, 2]
    """

    def __init__(
        self,
        principal_dataset: tf.data.Dataset,
        extra_datasets: Sequence[tf.data.Dataset],
        principal_weight: float | None = None,
        extra_weights: Sequence[float] | None = None,
        *,
        principal_cardinality: int | None = None,
        fixed_cardinality: bool = False,
        shuffle_dataset: bool = False,
        examples_shuffle_size: int | None = None,
        seed: int | None = None,
    ) -> None:
        self._principal, self._extra = principal_dataset, list(extra_datasets)
        self._mixture = _Mixture(
            len(self._extra), principal_weight, extra_weights, principal_cardinality, fixed_cardinality, seed
        )
        self._shuffle, self._buffer, self._seed = shuffle_dataset, examples_shuffle_size, seed

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """The mixture, the same for each input pipeline. ValueError: it cannot be shuffled without a size."""
        principal, *extra = [self._shuffled(dataset) for dataset in (self._principal, *self._extra)]
        return self._mixture(principal, extra, tf.distribute.InputContext())

    def _shuffled(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        if not self._shuffle:
            return dataset
        buffer = self._buffer or int(dataset.cardinality())
        if buffer < 1:
            raise ValueError(
                "PassthruSampleDatasetsProvider(shuffle_dataset=True) needs datasets of known size. "
                "Pass examples_shuffle_size=..."
            )
        return dataset.shuffle(buffer, seed=self._seed)


@final
class SimpleSampleDatasetsProvider(DatasetProvider):
    """Mixes examples of files, shared out among input pipelines as by `SimpleDatasetProvider`.

    principal_file_pattern: a glob pattern; or principal_filenames: a list. Exactly one.
    extra_file_patterns: a glob pattern for each extra dataset; or extra_filenames: a list for each. Exactly one.
    shuffle_filenames, interleave_fn, examples_shuffle_size: see `SimpleDatasetProvider`; for each dataset.
    Other arguments: see `PassthruSampleDatasetsProvider`. With `fixed_cardinality` the input pipelines share the number
    of examples out.

    ValueError: none or both of patterns and lists, no file, or weights that do not fit.
    """

    def __init__(
        self,
        principal_file_pattern: str | None = None,
        extra_file_patterns: Sequence[str] | None = None,
        principal_weight: float | None = None,
        extra_weights: Sequence[float] | None = None,
        *,
        principal_filenames: Sequence[str] | None = None,
        extra_filenames: Sequence[Sequence[str]] | None = None,
        principal_cardinality: int | None = None,
        fixed_cardinality: bool = False,
        shuffle_filenames: bool = False,
        interleave_fn: Callable[..., tf.data.Dataset],
        examples_shuffle_size: int | None = None,
        seed: int | None = None,
    ) -> None:
        check_one_source("principal_file_pattern", principal_file_pattern, "principal_filenames", principal_filenames)
        check_one_source("extra_file_patterns", extra_file_patterns, "extra_filenames", extra_filenames)
        if isinstance(extra_file_patterns, str):
            raise ValueError(f"extra_file_patterns must be a list of patterns, but got {extra_file_patterns!r}.")
        self._principal: Any = (principal_file_pattern, principal_filenames)
        self._extra: list[Any] = [(pattern, None) for pattern in extra_file_patterns or ()]
        self._extra += [(None, names) for names in extra_filenames or ()]
        self._mixture = _Mixture(
            len(self._extra), principal_weight, extra_weights, principal_cardinality, fixed_cardinality, seed
        )
        self._how: dict[str, Any] = {
            "shuffle_filenames": shuffle_filenames,
            "interleave_fn": interleave_fn,
            "examples_shuffle_size": examples_shuffle_size,
            "seed": seed,
        }

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """The share of `context` in the mixture. ValueError: there is no file, or examples of different types."""
        principal, *extra = [
            read_files(file_names(*source), context, repeated=i > 0 or self._mixture.repeats_principal, **self._how)
            for i, source in enumerate((self._principal, *self._extra))
        ]
        return self._mixture(principal, extra, context)


@final
class SampleTFRecordDatasetsProvider(DatasetProvider):
    """Mixes TFRecord files of Examples; takes the arguments of `SimpleSampleDatasetsProvider` but `interleave_fn`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._files = SimpleSampleDatasetsProvider(*args, interleave_fn=tf.data.TFRecordDataset, **kwargs)

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """See `SimpleSampleDatasetsProvider.get_dataset`."""
        return self._files.get_dataset(context)
