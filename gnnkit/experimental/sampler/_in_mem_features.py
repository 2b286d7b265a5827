"""`InMemIndexToFeaturesAccessor`: features of nodes in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.experimental.sampler._interfaces import KeyToFeaturesAccessor
from gnnkit.graph import GraphTensor, check_scalar_graph_tensor
from gnnkit.keras.layers import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class InMemIndexToFeaturesAccessor(GraphLayer, KeyToFeaturesAccessor):
    """Gathers features by index.

    features: `[V, ...]`, dense or ragged, all of the same number of rows.

    Called with indices, int `[B, (N)]` (or dense), it returns a dict of features `[B, (N), ...]`.

    Raises ValueError for different numbers of rows; when called, tf.errors.InvalidArgumentError for indices outside
    of `[0, V)`. The layer holds the features, and cannot be stored by its config.

    >>> papers = InMemIndexToFeaturesAccessor({"year": [2018, 2019, 2017]}, name="paper")
    >>> papers(tf.ragged.constant([[2, 1], [0]]))["year"].to_list()
    [[2017, 2019], [2018]]
    """

    def __init__(self, features: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with tf.init_scope():
            self._features = columns(features)
        rows = {name: num_rows(column) for name, column in self._features.items()}
        if len(set(rows.values())) > 1:
            raise ValueError(f"{self._what}: all features must have the same number of rows, but they have {rows}.")
        self._num_rows = next(iter(rows.values()), 0)

    @classmethod
    def from_graph_tensor(
        cls, graph_tensor: GraphTensor, node_set_name: str, *, name: str | None = None
    ) -> InMemIndexToFeaturesAccessor:
        """An accessor to a node set of a scalar graph. name: of the layer; `node_set_name` if None.

        Raises KeyError for an unknown node set, ValueError for a graph that is not scalar.
        """
        check_scalar_graph_tensor(graph_tensor, name="InMemIndexToFeaturesAccessor.from_graph_tensor()")
        if node_set_name not in graph_tensor.node_sets:
            raise KeyError(f"There is no node set {node_set_name!r}; there are {sorted(graph_tensor.node_sets)}.")
        return cls(dict(graph_tensor.node_sets[node_set_name].features), name=name or node_set_name)

    @property
    def resource_name(self) -> str:
        return self.name

    @property
    def _what(self) -> str:
        return f"Features of {self.name!r}"

    @tf.autograph.experimental.do_not_convert
    def call(self, indices: Any) -> dict[str, Any]:
        flat = indices.flat_values if isinstance(indices, tf.RaggedTensor) else indices
        check_indices(flat, self._what)
        if not self._features:
            return {}
        known = tf.reduce_all((flat >= 0) & (flat < self._num_rows))
        assertion = tf.debugging.Assert(known, [f"{self._what}: an index is not in [0, {self._num_rows}):", flat])
        with tf.control_dependencies([] if assertion is None else [assertion]):
            flat = tf.identity(flat)
        gathered = {name: tf.gather(feature, flat) for name, feature in self._features.items()}
        if isinstance(indices, tf.RaggedTensor):
            return {name: indices.with_flat_values(value) for name, value in gathered.items()}
        return gathered

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(
            f"{self._what}: the layer holds the features, which is too much for a config. Make it anew, and the model "
            "with it; save_model() writes a model with its features as a SavedModel."
        )


def columns(features: Mapping[str, Any] | None) -> dict[str, Any]:
    """Features as tensors, dense or ragged."""
    return {
        name: x if isinstance(x, tf.RaggedTensor) else tf.convert_to_tensor(x) for name, x in (features or {}).items()
    }


def num_rows(column: Any) -> int | None:
    """None for a scalar."""
    return (
        int(column.nrows()) if isinstance(column, tf.RaggedTensor) else column.shape[0] if column.shape.rank else None
    )


def check_indices(values: Any, what: str) -> None:
    """TypeError unless these are integers."""
    if values.dtype not in (tf.int32, tf.int64):
        raise TypeError(
            f"{what}: in memory, nodes are known by their index, int32 or int64, but ids are {values.dtype.name}."
        )
