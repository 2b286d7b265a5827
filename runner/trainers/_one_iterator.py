"""A dataset that is iterated over once, however often it is asked to."""

from typing import Any, final

import tensorflow as tf


@final
class OneIterator(tf.data.Dataset):
    """An infinite dataset whose iterators are all one and the same.

    `fit` makes a new iterator for each evaluation, which instantiates all functions of the dataset: on a small graph
    that takes longer than the evaluation.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self._dataset = dataset
        self._iterator: Any = None
        super().__init__(dataset._variant_tensor)  # pyright: ignore[reportAttributeAccessIssue]

    def _inputs(self) -> list[tf.data.Dataset]:
        return [self._dataset]

    @property
    def element_spec(self) -> Any:
        """The type of the elements."""
        return self._dataset.element_spec

    def __iter__(self) -> Any:
        if self._iterator is None:
            self._iterator = iter(self._dataset)
        return self._iterator


@final
class FirstFrom(tf.data.Dataset):
    """A dataset whose first iterator begins after `skipped` elements."""

    def __init__(self, dataset: tf.data.Dataset, skipped: int) -> None:
        self._dataset, self._skipped = dataset, skipped
        super().__init__(dataset._variant_tensor)  # pyright: ignore[reportAttributeAccessIssue]

    def _inputs(self) -> list[tf.data.Dataset]:
        return [self._dataset]

    @property
    def element_spec(self) -> Any:
        """The type of the elements."""
        return self._dataset.element_spec

    def __iter__(self) -> Any:
        dataset, self._skipped = self._dataset.skip(self._skipped), 0
        return iter(dataset)
