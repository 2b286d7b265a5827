"""A state of width 0, for sets without features."""

from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.keras.layers._graph_layer import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class MakeEmptyFeature(GraphLayer):
    """Makes a feature `[num_items, 0]` for a node set, edge set or context (ragged `[B, (num_items), 0]` for a batch).

    For latent sets in `MapFeatures`, whose results must depend on their input. ValueError: a piece of rank > 1.
    """

    is_local = True

    def call(self, graph_piece: Any) -> Any:
        piece = graph_piece
        if piece.rank > 1:
            raise ValueError(f"MakeEmptyFeature needs a piece of rank 0 or 1, but got rank {piece.rank}.")
        total = piece.total_size
        dtype = self.compute_dtype
        if not isinstance(piece.sizes, (tf.Tensor, tf.RaggedTensor)):
            return keras.ops.zeros((int(total), 0), dtype=dtype)
        static = piece.spec.total_size
        zeros = tf.zeros([static if static is not None else total, 0], dtype)
        if piece.rank == 0:
            return zeros
        lengths = tf.reduce_sum(piece.sizes, axis=1)
        return tf.RaggedTensor.from_row_lengths(zeros, tf.cast(lengths, piece.row_splits_dtype), validate=False)
