"""MapFeatures: from input features to hidden states, set by set."""

import re
from collections.abc import Callable, Mapping
from typing import Any, final

import keras

from gnnkit.graph import GraphTensor, get_aux_type_prefix, is_graph_tensor
from gnnkit.graph._missing import MissingError
from gnnkit.graph._piece import structure_from_lists, structure_to_lists
from gnnkit.keras._input import Input
from gnnkit.keras._model import Model
from gnnkit.keras.layers._graph_layer import GraphLayer, revive
from gnnkit.keras.layers._inputs import as_features
from gnnkit.keras.layers._receptive_field import Reads, check_local

_CONTEXT = "context"
_NODES = "node_sets"
_EDGES = "edge_sets"


@final
@keras.saving.register_keras_serializable("gnnkit")
class MapFeatures(GraphLayer):
    """Transforms the features of context, node sets and edge sets by functions of Keras layers.

    context_fn: called as `fn(context)`; node_sets_fn: as `fn(node_set, node_set_name=)`; edge_sets_fn: as
        `fn(edge_set, edge_set_name=)`; each with symbolic pieces, once a set, when the layer is first called. They return
        a dict of all new features, one tensor (the new `hidden_state`), or None to leave the features as they are.
    allowed_aux_node_sets_pattern, allowed_aux_edge_sets_pattern: regular expressions (full match) of auxiliary sets to
        transform as well; others are passed through.

    The layers that the functions make belong to this layer and are saved with it; a layer used for several sets stays
    shared. Input and output: a graph of any rank.
    ValueError: a function whose result does not depend on its input (use `MakeEmptyFeature` for sets without features), or
    features that differ from those of the first call. KeyError: a set that was not there in the first call.

    >>> import gnnkit, keras, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features={"year": tf.constant([[1.0], [2.0], [3.0]])})
    >>> def node_sets_fn(node_set, *, node_set_name):
    ...     return keras.layers.Dense(16)(node_set["year"])
    >>> gnnkit.keras.layers.MapFeatures(node_sets_fn=node_sets_fn)(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """

    def __init__(
        self,
        context_fn: Callable[..., Any] | None = None,
        node_sets_fn: Callable[..., Any] | None = None,
        edge_sets_fn: Callable[..., Any] | None = None,
        *,
        allowed_aux_node_sets_pattern: str | None = None,
        allowed_aux_edge_sets_pattern: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # The layers of the functions cast as they need; ids and strings pass through here.
        self._fns = {_CONTEXT: context_fn, _NODES: node_sets_fn, _EDGES: edge_sets_fn}
        self._patterns = {_NODES: allowed_aux_node_sets_pattern, _EDGES: allowed_aux_edge_sets_pattern}
        self._mapping: Any = None
        self._structure: Any = None
        self._outputs: list[list[Any]] = []  # [kind, set name, names of the new features]

    def build(self, input_shape: Any = None) -> None:
        if self._mapping is None:
            self._init_from(self.first_graph)
        self.built = True

    def _init_from(self, graph: GraphTensor) -> None:
        if not is_graph_tensor(graph):
            raise TypeError(f"MapFeatures needs a GraphTensor, but got {type(graph).__name__}.")
        self._structure = graph._structure()
        spec = graph.spec
        if spec.rank == 0 and keras.backend.backend() == "tensorflow":
            # The next graph has other sizes, and the functions must not see those of the first.
            spec = spec.relax(num_components=True, num_nodes=True, num_edges=True)
        inputs = Input(spec)
        pieces = [(_CONTEXT, "", inputs.context)]
        pieces += [(_NODES, name, piece) for name, piece in inputs.node_sets.items()]
        pieces += [(_EDGES, name, piece) for name, piece in inputs.edge_sets.items()]
        outputs: list[Any] = []
        for kind, name, piece in pieces:
            features = self._apply(kind, name, piece)
            if features is not None:
                self._outputs.append([kind, name, sorted(features)])
                outputs += [features[k] for k in sorted(features)]
        self._mapping = _NOTHING
        if outputs:
            self._mapping = Model(inputs._fields(), outputs)
            self._mapping.supports_jit = True  # As far as this layer does.

    def _apply(self, kind: str, name: str, piece: Any) -> dict[str, Any] | None:
        fn = self._fns[kind]
        pattern = self._patterns.get(kind)
        if fn is None or (
            kind != _CONTEXT
            and get_aux_type_prefix(name) is not None
            and not (pattern is not None and re.fullmatch(pattern, name))
        ):
            return None
        if kind == _CONTEXT:
            what, result = "context_fn", fn(piece)
        elif kind == _NODES:
            what, result = f"node_sets_fn for node set {name!r}", fn(piece, node_set_name=name)
        else:
            what, result = f"edge_sets_fn for edge set {name!r}", fn(piece, edge_set_name=name)
        if result is None:
            return None
        features = as_features(dict(result) if isinstance(result, Mapping) else result)
        for feature_name, value in features.items():
            if not isinstance(value, keras.KerasTensor):
                raise ValueError(
                    f"MapFeatures: {what} returned a feature {feature_name!r} that does not depend on its input "
                    f"(it is {type(value).__name__}). Compute it with Keras layers from the features of the set; for a set "
                    "without features use gnnkit.keras.layers.MakeEmptyFeature()(piece)."
                )
        return features

    def call(self, graph: GraphTensor, training: bool | None = None) -> GraphTensor:
        if graph._structure() != self._structure:
            self._complain(graph)
        if self._mapping is _NOTHING:
            return graph
        values = iter(_as_list(self._mapping(graph._fields(), training=training)))
        new: dict[str, dict[str, Any]] = {_NODES: {}, _EDGES: {}}
        context = None
        for kind, name, names in self._outputs:
            features = {k: next(values) for k in names}
            if kind == _CONTEXT:
                context = features
            else:
                new[kind][name] = features
        return graph.replace_features(context=context, node_sets=new[_NODES], edge_sets=new[_EDGES])

    def reads_by_node_set(self) -> dict[str, list[Reads]]:
        """Nothing but the row itself; see `gnnkit.keras.trim_to_roots`. ReadsAll: a layer may read other rows."""
        if isinstance(self._mapping, Model):
            check_local(self._mapping)
        return {}

    def _complain(self, graph: GraphTensor) -> None:
        expected = GraphTensor._from_fields(self._structure, ["?"] * _num_fields(self._structure))
        for kind in (_NODES, _EDGES):
            want, got = getattr(expected, kind), getattr(graph, kind)
            for name in got:
                if name not in want:
                    raise MissingError(
                        f"MapFeatures {self.name!r}: {kind.replace('_', ' ')[:-1]} {name!r} was not there when the layer "
                        f"was first called; it knows {list(want)}."
                    )
        raise ValueError(
            f"MapFeatures {self.name!r}: the graph has other sets or features than in the first call.\n"
            f"First: {expected}\nNow: {graph}\nUse a new MapFeatures layer for other graphs."
        )

    def get_config(self) -> dict[str, Any]:
        if self._mapping is None and any(fn is not None for fn in self._fns.values()):
            raise ValueError(
                f"MapFeatures {self.name!r} has not been called yet, so its functions did not make their layers and there "
                "is nothing to save. Call it on a graph first."
            )
        return {
            **super().get_config(),
            "mapping": None if self._mapping is _NOTHING else self._mapping,
            "structure": None if self._structure is None else structure_to_lists(self._structure),
            "outputs": self._outputs,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        mapping, structure = config.pop("mapping"), config.pop("structure")
        outputs = config.pop("outputs")
        self = cls(**{k: revive(v) for k, v in config.items()})
        if structure is None:  # Not called yet, and without functions.
            return self
        self._mapping = _NOTHING
        if mapping is not None:
            self._mapping = revive(mapping)
            self._mapping.supports_jit = True
        self._structure = structure_from_lists(structure)
        self._outputs = outputs
        return self


_NOTHING = "nothing to map"


def _as_list(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _num_fields(structure: Any) -> int:
    context, node_sets, edge_sets = structure
    count = 1 + len(context) + sum(1 + len(names) for _, names in node_sets)
    return count + sum(1 + len(piece[1]) + len(piece[2]) for _, piece in edge_sets)
