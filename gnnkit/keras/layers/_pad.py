"""Padding as a layer."""

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit import ops
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers._graph_layer import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class PadToTotalSizes(GraphLayer):
    """`gnnkit.pad_to_total_sizes` as a layer: the padded graph and the mask of real components, bool `[C]`.

    sizes_constraints: see `gnnkit.SizeConstraints`; a dict of its fields does as well.
    return_mask: whether to return a tuple of graph and mask, or the graph alone.
    mask_output_feature_name: a feature of the context in which to store the mask as well.
    validate: see `gnnkit.pad_to_total_sizes`.

    ValueError: the context has a feature of that name already. Other errors: see `gnnkit.pad_to_total_sizes`.
    NotImplementedError (when saved): sizes that are no constants.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_set_sizes=[2])
    >>> sizes = gnnkit.SizeConstraints(2, total_num_nodes={"nodes": 3}, total_num_edges={"edges": 3})
    >>> padded, mask = gnnkit.keras.layers.PadToTotalSizes(sizes)(graph)
    >>> padded.edge_sets["edges"].sizes.numpy().tolist(), mask.numpy().tolist()
    ([1, 2], [True, False])
    """

    _jit_on_static_sizes = False

    def __init__(
        self,
        sizes_constraints: Any,
        *,
        return_mask: bool = True,
        mask_output_feature_name: str | None = None,
        validate: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        is_dict = isinstance(sizes_constraints, Mapping)  # As a config has it.
        self._sizes = ops.SizeConstraints(**sizes_constraints) if is_dict else ops.SizeConstraints(*sizes_constraints)
        self._return_mask = return_mask
        self._feature_name = mask_output_feature_name
        self._validate = validate

    def get_config(self) -> dict[str, Any]:
        sizes: dict[str, Any] = {"total_num_components": self._constant(self._sizes.total_num_components)}
        for name in ("total_num_nodes", "total_num_edges", "min_nodes_per_component"):
            sizes[name] = {k: self._constant(v) for k, v in dict(getattr(self._sizes, name)).items()}
        return {
            **super().get_config(),
            "sizes_constraints": sizes,
            "return_mask": self._return_mask,
            "mask_output_feature_name": self._feature_name,
            "validate": self._validate,
        }

    def _constant(self, size: Any) -> int:
        constant = tf.get_static_value(size) if tf.is_tensor(size) else size
        if constant is None:
            raise NotImplementedError(
                f"PadToTotalSizes {self.name!r} cannot be saved: its size {size} is not known before it runs. Make the "
                "layer with ints."
            )
        return int(constant)

    def call(self, graph: GraphTensor) -> Any:
        padded, mask = ops.pad_to_total_sizes(graph, self._sizes, validate=self._validate)
        name = self._feature_name
        if name is not None:
            if name in padded.context.features:
                raise ValueError(
                    f"PadToTotalSizes {self.name!r}: the context has a feature {name!r} already, so the mask needs "
                    "another mask_output_feature_name."
                )
            padded = padded.replace_features(context={**padded.context.features, name: mask})
        return (padded, mask) if self._return_mask else padded
