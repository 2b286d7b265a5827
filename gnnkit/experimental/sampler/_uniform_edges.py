"""`UniformEdgesSampler`: edges from lists that an accessor yields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit._names import SOURCE_NAME, TARGET_NAME
from gnnkit.experimental.sampler import _ragged
from gnnkit.experimental.sampler._composite import CompositeLayer
from gnnkit.experimental.sampler._interfaces import OutgoingEdgesSampler
from gnnkit.keras.layers import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class UniformEdgesSampler(CompositeLayer, OutgoingEdgesSampler):
    """Samples up to `sample_size` edges of each node, uniformly without replacement, from stored lists of edges.

    outgoing_edges_accessor: a `KeyToFeaturesAccessor` that yields for each node the features of its edges,
      `[B, (N), (edges), ...]`.
    sample_size: a node with fewer edges gets all of them.
    edge_target_feature_name: the feature that holds the targets; the result calls it `#target`.
    seed: of the random operation, as in `tf.random.uniform`.

    Called with source_node_ids, `[B, (N)]`, it returns a dict of `#source`, `#target` and the other features, each
    `[B, (edges), ...]`.

    Raises ValueError, when called, for an accessor without targets or with features that are no lists.

    >>> from gnnkit.experimental.sampler import InMemStringKeyToBytesAccessor, KeyToTfExampleAccessor
    >>> example = tf.train.Example()
    >>> example.features.feature["#target"].bytes_list.value.extend([b"p3", b"p4"])
    >>> serialized = InMemStringKeyToBytesAccessor(keys_to_values={"p1": example.SerializeToString()}, name="cites")
    >>> cited = KeyToTfExampleAccessor(serialized, features_spec={"#target": tf.TensorSpec([None], tf.string)})
    >>> edges = UniformEdgesSampler(cited, sample_size=2)(tf.ragged.constant([["p1"], ["p2"]]))
    >>> edges["#source"].to_list(), edges["#target"].to_list()
    ([[b'p1', b'p1'], []], [[b'p3', b'p4'], []])
    """

    def __init__(
        self,
        outgoing_edges_accessor: Any,
        *,
        sample_size: int,
        edge_target_feature_name: str = TARGET_NAME,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._accessor = outgoing_edges_accessor
        self._sample_size, self._target_name, self._seed = sample_size, edge_target_feature_name, seed

    @property
    def sample_size(self) -> int:
        """The largest number of edges of a node."""
        return self._sample_size

    @property
    def edge_target_feature_name(self) -> str:
        return self._target_name

    @property
    def edge_set_name(self) -> str:
        return self.resource_name

    @property
    def resource_name(self) -> str:
        """The name of the accessor's resource."""
        return getattr(self._accessor, "resource_name", self.name)

    def symbolic_call(self, source_node_ids: Any) -> Any:
        features = self._accessor(source_node_ids)
        choose = _ChooseEdges(self._sample_size, self._target_name, self.edge_set_name, self._seed)
        return choose(source_node_ids, dict(features))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "outgoing_edges_accessor": self._accessor,
            "sample_size": self._sample_size,
            "edge_target_feature_name": self._target_name,
            "seed": self._seed,
        }


@final
@keras.saving.register_keras_serializable("gnnkit")
class _ChooseEdges(GraphLayer):
    """Chooses from the lists of edges of each node."""

    def __init__(self, sample_size: int, target_name: str, edge_set_name: str, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._args = {
            "sample_size": sample_size,
            "target_name": target_name,
            "edge_set_name": edge_set_name,
            "seed": seed,
        }

    @tf.autograph.experimental.do_not_convert
    def call(self, ids: tf.RaggedTensor, features: Mapping[str, tf.RaggedTensor]) -> dict[str, Any]:
        what, target_name = f"Sampling edge set {self._args['edge_set_name']!r}", self._args["target_name"]
        if target_name not in features:
            raise ValueError(f"{what}: the accessor yields no {target_name!r}, the targets, but {sorted(features)}.")
        for name, value in features.items():
            if not isinstance(value, tf.RaggedTensor) or value.ragged_rank < 2:
                raise ValueError(
                    f"{what}: feature {name!r} must be a list for each node, [batch, (nodes), (edges), ...], but has "
                    f"shape {value.shape}. Give it a spec whose first dimension is None."
                )
        splits = features[target_name].values.row_splits
        checks = []
        for name, value in features.items():
            text = f"{what}: features {name!r} and {target_name!r} have different numbers of edges."
            same = tf.size(value.values.row_splits) == tf.size(splits)
            same = tf.cond(
                same, lambda v=value: tf.reduce_all(v.values.row_splits == splits), lambda: tf.constant(False)
            )
            checks += _ragged._assert(same, [text])
        with tf.control_dependencies(checks):
            size = tf.constant(self._args["sample_size"], splits.dtype)
            chosen = _ragged.ragged_choice(size, splits, global_indices=True, seed=self._args["seed"])
        counts = chosen.row_lengths()
        ends = tf.concat([tf.zeros([1], counts.dtype), tf.cumsum(counts)], 0)
        edge_splits = tf.gather(ends, ids.row_splits)
        edge_splits = tf.ensure_shape(tf.cast(edge_splits, ids.row_splits.dtype), ids.row_splits.shape)
        flat = {
            **{name: tf.gather(value.values.values, chosen.values) for name, value in features.items()},
            SOURCE_NAME: tf.repeat(ids.values, counts),
        }
        flat[TARGET_NAME] = flat.pop(target_name)
        return {name: tf.RaggedTensor.from_row_splits(v, edge_splits, validate=False) for name, v in flat.items()}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._args}
