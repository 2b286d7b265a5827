"""Graph operations as layers: what to read and where, fixed when the layer is made or when it is called."""

from typing import Any, final

import keras

from gnnkit import ops
from gnnkit._names import CONTEXT, HIDDEN_STATE, SOURCE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.graph._missing import MissingError
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._receptive_field import Reads, ReadsAll


class _GraphOp(GraphLayer):
    """Arguments by name, given to the constructor or to the call, but not differently to both."""

    def _keep(self, **arguments: Any) -> None:
        self._arguments = {k: _plain(v) for k, v in arguments.items()}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._arguments}

    def _merge(self, **arguments: Any) -> dict[str, Any]:
        merged = dict(self._arguments)
        for name, value in arguments.items():
            if value is None:
                continue
            value = _plain(value)
            if merged.get(name) is not None and merged[name] != value:
                raise ValueError(
                    f"{type(self).__name__} {self.name!r} was made with {name}={merged[name]!r}, but called with "
                    f"{value!r}. Give it once."
                )
            merged[name] = value
        return merged


@final
@keras.saving.register_keras_serializable("gnnkit")
class Pool(_GraphOp):
    """Pools a feature of edges to nodes, or of edges or nodes to the context: `gnnkit.pool` as a layer.

    tag: who receives: `SOURCE`, `TARGET` or `CONTEXT`.
    reduce_type: see `gnnkit.pool`.
    edge_set_name or node_set_name: a name, or a sequence of names.
    feature_name: `hidden_state` by default.

    All but reduce_type may be given in the call instead; ValueError where both are given and differ.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0], [1], node_features=tf.constant([[1.0], [3.0]]))
    >>> gnnkit.keras.layers.Pool(gnnkit.CONTEXT, "mean", node_set_name="nodes")(graph).numpy().tolist()
    [[2.0]]
    """

    def __init__(
        self,
        tag: Any = None,
        reduce_type: str | None = None,
        *,
        edge_set_name: Any = None,
        node_set_name: Any = None,
        feature_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(
            tag=tag,
            reduce_type=reduce_type,
            edge_set_name=edge_set_name,
            node_set_name=node_set_name,
            feature_name=feature_name,
        )

    def call(
        self,
        graph: GraphTensor,
        *,
        tag: Any = None,
        reduce_type: str | None = None,
        edge_set_name: Any = None,
        node_set_name: Any = None,
        feature_name: str | None = None,
    ) -> Any:
        arguments = self._merge(
            tag=tag,
            reduce_type=reduce_type,
            edge_set_name=edge_set_name,
            node_set_name=node_set_name,
            feature_name=feature_name,
        )
        tag = _required_tag(arguments.pop("tag"), self)
        if arguments["reduce_type"] is None:
            raise ValueError(f"Pool {self.name!r} needs a reduce_type, such as 'sum' or 'mean'.")
        arguments["feature_name"] = arguments["feature_name"] or HIDDEN_STATE
        return ops.pool(graph, tag, **arguments)

    def reads(self, edge_set_name: str) -> Reads:
        """What `gnnkit.keras.trim_to_roots` must leave in the graph for a receiver. ReadsAll: maybe everything."""
        tag = self._arguments["tag"]
        if tag not in (SOURCE, TARGET):
            raise ReadsAll(f"Pool {self.name!r} has tag {tag!r}")
        return Reads(edge_set_name=edge_set_name, receiver_tag=tag)


@final
@keras.saving.register_keras_serializable("gnnkit")
class Broadcast(_GraphOp):
    """Broadcasts a feature from nodes to edges, or from the context to nodes or edges: `gnnkit.broadcast` as a layer.

    tag: who sends: `SOURCE`, `TARGET` or `CONTEXT`. Other arguments: see `Pool`.
    """

    def __init__(
        self,
        tag: Any = None,
        *,
        edge_set_name: Any = None,
        node_set_name: Any = None,
        feature_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(tag=tag, edge_set_name=edge_set_name, node_set_name=node_set_name, feature_name=feature_name)

    def call(
        self,
        graph: GraphTensor,
        *,
        tag: Any = None,
        edge_set_name: Any = None,
        node_set_name: Any = None,
        feature_name: str | None = None,
    ) -> Any:
        arguments = self._merge(
            tag=tag, edge_set_name=edge_set_name, node_set_name=node_set_name, feature_name=feature_name
        )
        tag = _required_tag(arguments.pop("tag"), self)
        arguments["feature_name"] = arguments["feature_name"] or HIDDEN_STATE
        return ops.broadcast(graph, tag, **arguments)


@final
@keras.saving.register_keras_serializable("gnnkit")
class Readout(_GraphOp):
    """Reads a feature out of the graph.

    One of edge_set_name, node_set_name and from_context=True says from where; feature_name defaults to `hidden_state`.
    All may be given in the call instead. Output: the feature, `[num_items, ...]`.
    """

    def __init__(
        self,
        *,
        edge_set_name: str | None = None,
        node_set_name: str | None = None,
        from_context: bool = False,
        feature_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(
            edge_set_name=edge_set_name,
            node_set_name=node_set_name,
            from_context=from_context or None,
            feature_name=feature_name,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "from_context": bool(self._arguments["from_context"])}

    def call(
        self,
        graph: GraphTensor,
        *,
        edge_set_name: str | None = None,
        node_set_name: str | None = None,
        from_context: bool | None = None,
        feature_name: str | None = None,
    ) -> Any:
        arguments = self._merge(
            edge_set_name=edge_set_name,
            node_set_name=node_set_name,
            from_context=from_context or None,
            feature_name=feature_name,
        )
        feature: Any = arguments.pop("feature_name") or HIDDEN_STATE
        given = {k: v for k, v in arguments.items() if v}
        if len(given) != 1:
            raise ValueError(
                f"Readout {self.name!r} needs exactly one of edge_set_name, node_set_name and from_context=True, "
                f"but got {given or 'none'}."
            )
        if "from_context" in given:
            piece, what = graph.context, "the context"
        else:
            kind, name = next(iter(given.items()))
            pieces = graph.edge_sets if kind == "edge_set_name" else graph.node_sets
            what = f"{kind.removesuffix('_name').replace('_', ' ')} {name!r}"
            if name not in pieces:
                raise MissingError(f"Readout {self.name!r}: the graph has no {what}; it has {list(pieces)}.")
            piece = pieces[name]
        if feature not in piece.features:
            raise MissingError(
                f"Readout {self.name!r}: {what} has no feature {feature!r}, only {list(piece.features)}."
            )
        return piece.features[feature]


@final
@keras.saving.register_keras_serializable("gnnkit")
class ReadoutFirstNode(_GraphOp):
    """Reads a feature of the first node of each component: where samplers put the root.

    node_set_name: the node set. feature_name: `hidden_state` by default. Both may be given in the call instead.
    Output: `[C, ...]`. InvalidArgumentError: a component without nodes in the set.
    """

    def __init__(self, *, node_set_name: str | None = None, feature_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(node_set_name=node_set_name, feature_name=feature_name)

    def call(self, graph: GraphTensor, *, node_set_name: str | None = None, feature_name: str | None = None) -> Any:
        arguments = self._merge(node_set_name=node_set_name, feature_name=feature_name)
        if arguments["node_set_name"] is None:
            raise ValueError(f"ReadoutFirstNode {self.name!r} needs a node_set_name.")
        return ops.gather_first_node(
            graph, arguments["node_set_name"], feature_name=arguments["feature_name"] or HIDDEN_STATE
        )


def _plain(value: Any) -> Any:
    """Names of several sets as a list, which is what they are after loading."""
    return list(value) if isinstance(value, (list, tuple)) else value


def _required_tag(tag: Any, layer: Any) -> Any:
    if tag is None:
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r} needs a tag: gnnkit.SOURCE, gnnkit.TARGET or gnnkit.{CONTEXT.upper()}."
        )
    return tag
