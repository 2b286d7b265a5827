"""A Dense over inputs side by side as a sum of products: before they are broadcast, and without a concatenation."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from gnnkit.ops import _sorted_segments
from gnnkit.ops._split_products import split_products

_MIN_WIDTH = 64


class Part(NamedTuple):
    """One input of messages: `[N, F]`, and how to bring it to one row a message; None where it has that already."""

    value: Any
    broadcast: Callable[[Any], Any] | None = None

    def rows(self, value: Any) -> Any:
        """Something computed from each row of the value, with one row a message."""
        return value if self.broadcast is None else self.broadcast(value)


def transform_first(layer: Any, parts: Sequence[Part], dtype_policy: Any) -> Any:
    """`layer` of the concatenation of all parts, `[E, units]`, or None where that is not to be had or does not pay.

    `Dense([e, u, v])` is `activation(e W_e + u W_u + v W_v + b)` with slices of its kernel, and the products of nodes
    are the same for all their edges. For a `keras.layers.Dense`, or a `keras.Sequential` that begins with one.

    dtype_policy: of the layer that calls.
    """
    return _without_concatenation(layer, parts, dtype_policy, pays)


def transform_side_by_side(layer: Any, values: Any, dtype_policy: Any) -> Any:
    """`layer` of the concatenation of all tensors `[N, F]` in a nested structure, in the order of keys: `[N, units]`.

    On a CPU in `tf.function`, a plain Dense takes them as they are, where that is cheaper than to concatenate them.

    dtype_policy: of the layer that calls.
    """
    result = None
    if _sorted_segments.on_cpu_in_function():
        parts = [Part(value) for value in keras.tree.flatten(values)]
        result = _without_concatenation(layer, parts, dtype_policy, _saves_copies)
    return layer(_concat(values)) if result is None else result


def pays(units: int, parts: Sequence[Part]) -> bool:
    """Whether the sum of products is cheaper, as far as widths tell; edges are taken to outnumber nodes.

    It saves products, and broadcasts messages instead of inputs: no gain where inputs are narrow.
    """
    width = sum(part.value.shape[-1] for part in parts if part.broadcast is not None)
    return width >= max(_MIN_WIDTH, units // 2)


def _saves_copies(units: int, parts: Sequence[Part]) -> bool:
    """Whether fewer numbers are copied into a concatenation than are added up to do without."""
    return len(parts) > 1 and sum(part.value.shape[-1] for part in parts) >= (len(parts) - 1) * units


def _without_concatenation(
    layer: Any, parts: Sequence[Part], dtype_policy: Any, is_cheaper: Callable[[int, Sequence[Part]], bool]
) -> Any:
    dense, rest = _leading_dense(layer)
    if dense is None or not _is_plain(dense, dtype_policy) or not _are_matrices(parts, dtype_policy):
        return None
    if not is_cheaper(dense.units, parts):
        return None
    width = sum(part.value.shape[-1] for part in parts)
    if not layer.built:
        layer.build((None, width))
    if dense.kernel.shape[0] != width:
        return None  # The layer itself has the better error.
    result = _sum_of_products(dense, parts)
    for after in rest:
        result = after(result)
    return result


def _sum_of_products(dense: Any, parts: Sequence[Part]) -> Any:
    bias_to = next((i for i, part in enumerate(parts) if part.broadcast is not None), 0)
    products = split_products([part.value for part in parts], dense.kernel, dense.bias, bias_to)
    total = None
    for part, product in zip(parts, products, strict=True):
        product = part.rows(product)
        total = product if total is None else total + product  # `ops.add` fails on matrices without rows.
    return dense.activation(total)


def _concat(values: Any) -> Any:
    """All tensors of a nested structure side by side: `[V, sum of widths]`; dicts in the order of their keys."""
    tensors = keras.tree.flatten(values)
    if not tensors:
        raise ValueError(
            "There is nothing to concatenate: the next state got neither a state nor an input. Name a feature "
            "(node_input_feature, edge_input_feature, ...) or an edge set to receive from."
        )
    return tensors[0] if len(tensors) == 1 else keras.ops.concatenate(tensors, axis=-1)


def _leading_dense(layer: Any) -> tuple[Any, list[Any]]:
    """The Dense that a layer begins with or None, and the layers after it."""
    rest: list[Any] = []
    if type(layer) is keras.Sequential and layer.layers:
        layer, *rest = layer.layers
    return (layer, rest) if type(layer) is keras.layers.Dense else (None, rest)


def _is_plain(dense: keras.layers.Dense, dtype_policy: Any) -> bool:
    """Whether a call of the layer is `activation(x W + b)` in the given dtype and nothing else."""
    return (
        dense.dtype_policy.name == dtype_policy.name
        and dense.quantization_mode is None
        and not dense.lora_enabled
        and dense.activity_regularizer is None
    )


def _are_matrices(parts: Sequence[Part], dtype_policy: Any) -> bool:
    """Whether all are dense `[N, F]` of the dtype in which layers compute."""
    return all(
        ops.is_tensor(part.value)
        and len(part.value.shape) == 2
        and part.value.shape[-1] is not None
        and keras.backend.standardize_dtype(part.value.dtype) == dtype_policy.compute_dtype
        for part in parts
    )
