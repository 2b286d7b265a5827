"""Validation of graphs: static checks by default, checks of values on request."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import _field

_enabled = {"static": True, "runtime": False}


def enable_graph_tensor_validation() -> None:
    """Switches the static checks of names, ranks, dtypes and sizes on (they are on by default)."""
    _enabled["static"] = True


def disable_graph_tensor_validation() -> None:
    """Switches the static checks off."""
    _enabled["static"] = False


def enable_graph_tensor_validation_at_runtime() -> None:
    """Switches checks of values on: item counts, numbers of components, indices of all tags in range.

    They cost a pass over sizes and indices for every new graph, inside `tf.function` too; off by default.
    """
    _enabled["runtime"] = True


def disable_graph_tensor_validation_at_runtime() -> None:
    """Switches the checks of values off."""
    _enabled["runtime"] = False


def static_checks() -> bool:
    return _enabled["static"]


def runtime_checks() -> bool:
    return _enabled["runtime"]


def check_sizes(sizes: Any, what: str) -> None:
    dtype = _field.dtype_of(sizes)
    if dtype not in (tf.int32, tf.int64):
        raise ValueError(
            f"{what}: sizes must be int32 or int64, but are {dtype.name}. "
            "Pass sizes=tf.constant([number_of_items]), one entry a component."
        )
    shape = _field.shape_of(sizes)
    if shape is not None and len(shape) < 1:
        raise ValueError(
            f"{what}: sizes must have shape [*graph_shape, num_components], but is a scalar. "
            "For one component pass sizes=[number_of_items]."
        )


def check_features(
    features: dict[str, Any], sizes: Any, what: str, per_component: bool = False, before: Any = None
) -> None:
    """Checks that all features have the graph's shape in front and the same number of items, that of `before` if given."""
    size_shape = _field.shape_of(sizes)
    if size_shape is None:
        return
    lead = size_shape[:-1]
    rank = len(lead)
    items: int | None = size_shape[-1] if per_component else None
    first = "sizes" if items is not None else None
    old_shape = None if before is None else _field.shape_of(before)
    if old_shape is not None:
        items, first = old_shape[rank], "the set"
    for name, value in features.items():
        shape = _field.shape_of(value)
        if shape is None:
            continue
        if len(shape) < rank + 1:
            raise ValueError(
                f"{what}: feature {name!r} has shape {list(shape)}, but needs at least rank {rank + 1}: "
                f"[*graph_shape, num_items, ...] with graph_shape {list(lead)} from the sizes."
            )
        for want, got in zip(lead, shape, strict=False):
            if want is not None and got is not None and want != got:
                raise ValueError(
                    f"{what}: feature {name!r} has shape {list(shape)}, which does not begin with "
                    f"the graph's shape {list(lead)} (from the sizes)."
                )
        if shape[rank] is not None:
            if items is None:
                items, first = shape[rank], f"feature {name!r}"
            elif items != shape[rank]:
                raise ValueError(
                    f"{what}: feature {name!r} has {shape[rank]} items (shape {list(shape)}), "
                    f"but {first} has {items}. All features of a set need one row an item."
                )


def check_total(total: int | None, sizes: Any, what: str) -> None:
    """Checks the sizes of eager graphs against the number of rows; inside `tf.function` the runtime checks do."""
    sizes = None if total is None else _field.to_numpy(sizes)
    if sizes is None or sizes.ndim != 1:
        return
    counted = int(sizes.sum())
    if counted != total:
        raise ValueError(
            f"{what}: sizes {sizes.tolist()} add up to {counted} items, but the features or indices have {total}. "
            "Make the sizes count the items of each component."
        )


def check_runtime(piece_name: str, sizes: Any, rows: list[tuple[str, Any]]) -> Any:
    """Returns sizes with asserts attached that every field in `rows` has as many items as sizes say."""
    return _after(item_asserts(piece_name, sizes, rows), sizes) if isinstance(sizes, tf.Tensor) else sizes


def item_asserts(piece_name: str, sizes: tf.Tensor, rows: list[tuple[str, Any]]) -> list[Any]:
    """Asserts that every field in `rows` has as many items as sizes say."""
    total = tf.reduce_sum(sizes)
    asserts = []
    for name, value in rows:
        count = value.row_lengths() if isinstance(value, tf.RaggedTensor) and sizes.shape.rank != 1 else None
        if count is None:
            count = value.nrows() if isinstance(value, tf.RaggedTensor) else tf.shape(value)[sizes.shape.rank - 1]
            if sizes.shape.rank != 1:  # A batch of graphs of equal size.
                count = count * tf.reduce_prod(tf.shape(value)[: sizes.shape.rank - 1])
        asserts.append(
            tf.debugging.assert_equal(
                tf.cast(tf.reduce_sum(count), total.dtype),
                total,
                message=without_quotes(f"{piece_name}: number of items of {name!r} differs from the sum of sizes"),
            )
        )
    return asserts


def check_indices_runtime(what: str, index: Any, num_nodes: Any, node_set_name: str) -> Any:
    """Returns `index` with asserts attached that its entries lie in `[0, num_nodes)`."""
    values = index.flat_values if isinstance(index, tf.RaggedTensor) else index
    if not isinstance(values, tf.Tensor):
        return index
    limit = tf.cast(num_nodes, values.dtype)
    message = without_quotes(f"{what}: index outside of node set {node_set_name!r}")
    checked = _after(
        [
            tf.debugging.assert_non_negative(values, message=f"{message} (negative)"),
            tf.debugging.assert_less(values, limit, message=f"{message} (too large)"),
        ],
        values,
    )
    return index.with_flat_values(checked) if isinstance(index, tf.RaggedTensor) else checked


def without_quotes(message: str) -> str:
    """TensorFlow's assertions put a backslash before each quotation mark."""
    return message.replace("'", "`")


def _after(asserts: list[Any], value: Any) -> Any:
    if tf.executing_eagerly():
        return value
    with tf.control_dependencies([a for a in asserts if a is not None]):
        return tf.identity(value)
