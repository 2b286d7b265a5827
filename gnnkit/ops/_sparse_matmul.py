"""The product of a sparse matrix and a dense one, by TensorFlow's kernels for CSR matrices, which have no gradient here."""

from typing import Any

import tensorflow as tf


def sparse_matmul(
    places: tf.Tensor, numbers: tf.Tensor, rows: Any, columns: Any, dense: tf.Tensor, transpose: bool = False
) -> tf.Tensor:
    """The matrix `[rows, columns]` with numbers `[N]` at places int64 `[N, 2]`, by ascending row, times `[columns, M]`.

    transpose: whether to take the transpose of the matrix instead, times `[rows, M]`.

    InvalidArgumentError: a place outside of the matrix.
    """
    # The product of a matrix without rows would end the process.
    shape = tf.maximum(tf.stack([rows, columns]), 1)
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=places, values=numbers, dense_shape=tf.cast(shape, tf.int64)
    )
    if transpose:
        # Sorts in a fraction of the time that TensorFlow's product takes for transposing.
        matrix = tf.raw_ops.SparseMatrixTranspose(input=matrix, type=numbers.dtype)
    dense = tf.pad(dense, [[0, tf.cast(tf.shape(dense)[0] == 0, tf.int32)], [0, 0]])
    return tf.raw_ops.SparseMatrixMatMul(a=matrix, b=dense)[: columns if transpose else rows]
