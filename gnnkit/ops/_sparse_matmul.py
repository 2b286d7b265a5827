"""The product of a sparse matrix and a dense one, by TensorFlow's kernel for CSR matrices, which has no gradient here."""

from typing import Any

import tensorflow as tf


def sparse_matmul(places: tf.Tensor, numbers: tf.Tensor, rows: Any, columns: Any, dense: tf.Tensor) -> tf.Tensor:
    """The matrix `[rows, columns]` with numbers `[N]` at places int64 `[N, 2]`, by ascending row, times `[columns, M]`.

    InvalidArgumentError: a place outside of the matrix.
    """
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=places,
        values=numbers,
        # The product of a matrix without rows would end the process.
        dense_shape=tf.cast(tf.stack([tf.maximum(rows, 1), columns]), tf.int64),
    )
    return tf.raw_ops.SparseMatrixMatMul(a=matrix, b=dense)[:rows]
