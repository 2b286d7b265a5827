"""What samplers and accessors of TF-GNN's sampling API promise; subclasses are Keras layers as well."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import tensorflow as tf

Features = Mapping[str, tf.RaggedTensor]


class OutgoingEdgesSampler(abc.ABC):
    """Samples edges that leave given nodes."""

    @abc.abstractmethod
    def call(self, source_node_ids: tf.RaggedTensor) -> Features:
        """source_node_ids: int or string `[B, (N)]`.

        Returns features of shape `[B, (E), ...]`, among them `#source` and `#target`, the ids of the nodes that each
        edge joins.
        """

    @property
    @abc.abstractmethod
    def edge_set_name(self) -> str:
        """The edge set that is sampled."""


class ConnectingEdgesSampler(abc.ABC):
    """Finds the edges that lead from some nodes to some nodes."""

    @abc.abstractmethod
    def call(self, source_node_ids: tf.RaggedTensor, target_node_ids: tf.RaggedTensor) -> Features:
        """Both: int or string `[B, (N)]`; they may be the same.

        Returns features of shape `[B, (E), ...]` of all edges from `source_node_ids` to `target_node_ids`, among them
        `#source` and `#target`.
        """


class KeyToBytesAccessor(abc.ABC):
    """Looks up one byte string a key, a default where there is none, or fails."""

    @abc.abstractmethod
    def call(self, keys: tf.RaggedTensor) -> tf.RaggedTensor:
        """keys: int or string `[B, (N)]`. Returns a string for each key."""


class KeyToFeaturesAccessor(abc.ABC):
    """Looks up features by key."""

    @abc.abstractmethod
    def call(self, keys: tf.RaggedTensor) -> Features:
        """keys: int or string `[B, (N)]`. Returns features of shape `[B, (N), ...]`, always of the same names."""
