"""Products of several matrices with their parts of one kernel."""

import itertools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import ops

from gnnkit.ops import _gradients, _sorted_segments


def split_products(values: Sequence[Any], kernel: Any, bias: Any = None, bias_to: int = 0) -> list[Any]:
    """Of `[N_i, F_i]`, each times its rows of the kernel `[ΣF_i, units]`: `[N_i, units]`.

    bias: `[units]`, added to product number `bias_to`.

    For equal N_i, the sum of results is the product of the kernel with all values side by side.
    """
    widths = [value.shape[-1] for value in values]
    if _sorted_segments.on_cpu_in_function() and all(isinstance(value, tf.Tensor) for value in values):
        arguments = [*values, *map(tf.convert_to_tensor, (kernel,) if bias is None else (kernel, bias))]
        return list(_with_own_gradient(widths, bias_to, *arguments))
    ends = list(itertools.accumulate(widths))
    products = [ops.matmul(v, kernel[stop - width : stop]) for v, width, stop in zip(values, widths, ends, strict=True)]
    if bias is not None:
        products[bias_to] = products[bias_to] + bias
    return products


def _with_own_gradient(widths: Sequence[int], bias_to: int, *arguments: tf.Tensor) -> Any:
    """TensorFlow's gradient makes a kernel for each part that is zero outside of it, and adds them up."""
    num = len(widths)

    @_gradients.custom_gradient
    def products(*arguments: tf.Tensor) -> Any:
        values, bias = arguments[:num], arguments[num + 1 :]
        kernels = tf.split(arguments[num], widths)
        results = [tf.matmul(v, k) for v, k in zip(values, kernels, strict=True)]
        if bias:
            results[bias_to] = tf.nn.bias_add(results[bias_to], bias[0])

        def gradient(*upstream: tf.Tensor) -> Any:
            by_values = [tf.matmul(u, k, transpose_b=True) for u, k in zip(upstream, kernels, strict=True)]
            by_kernels = [tf.matmul(v, u, transpose_a=True) for v, u in zip(values, upstream, strict=True)]
            by_bias = [tf.raw_ops.BiasAddGrad(out_backprop=upstream[bias_to]) for _ in bias]
            return *by_values, tf.concat(by_kernels, 0), *by_bias

        return results, gradient

    return products(*arguments)
