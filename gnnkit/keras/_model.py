"""Keras models over graphs that save to `.keras` files and load from them."""

from typing import Any, final

import keras

from gnnkit.graph import GraphTensor, _keras
from gnnkit.graph._piece import structure_to_lists
from gnnkit.keras.layers._first_call import RemembersFirstCall, sizes_are_static

_Functional = _keras.Functional


@keras.saving.register_keras_serializable("gnnkit")
class Model(RemembersFirstCall, keras.Model):
    """A `keras.Model` whose inputs or outputs are graphs.

    Made from symbolic inputs and outputs, as `keras.Model(inputs, outputs)`, or the base of a class with a `call` of
    its own. A plain `keras.Model` over graphs trains and stores weights as well, but its `.keras` files cannot be loaded:
    only this class keeps the structure of its graphs. It also refuses graphs that have other sets or features than its
    input, where Keras would take the tensors in the order in which they come.

    XLA (`compile(jit_compile=True)`) needs graphs of static sizes: pad them, and make the inputs of their spec.

    ValueError (when called): a graph with other sets or features than the input of the model.
    TypeError: inputs and outputs given to the constructor of a subclass.

    >>> import gnnkit, keras, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> inputs = gnnkit.keras.Input(graph.spec)
    >>> outputs = keras.layers.Dense(2)(inputs.node_sets["nodes"]["hidden_state"])
    >>> gnnkit.keras.Model(inputs, outputs)(graph).shape
    TensorShape([3, 2])
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            return FunctionalModel.__new__(FunctionalModel, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs):
            # Keras would change the bases of this class, and with it of all models there are.
            raise TypeError(
                f"{type(self).__name__}: a subclass of gnnkit.keras.Model defines call() and takes no inputs and outputs. "
                "For a functional model, write a function that returns gnnkit.keras.Model(inputs, outputs)."
            )
        super().__init__(*args, **kwargs)
        # Graphs change their shape from batch to batch, and XLA would compile for each.
        self.supports_jit = keras.backend.backend() != "tensorflow"

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Where Keras wants an example of what replicas get, it takes the mean over them, which graphs do not have."""
        strategy = self._distribute_strategy
        if strategy is not None and iterator is not None:
            for _, _, batches in iterator:
                data_batch = keras.tree.map_structure(
                    lambda x: strategy.experimental_local_results(x)[0], next(batches)
                )
                break
        super()._maybe_symbolic_build(data_batch=data_batch)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        if cls is Model and "input_layers" in config:
            return FunctionalModel.from_config(config, custom_objects)
        return super().from_config(config, custom_objects)


@final
@keras.saving.register_keras_serializable("gnnkit", "FunctionalModel")
class FunctionalModel(_Functional, Model):  # type: ignore[misc]
    """What `gnnkit.keras.Model(inputs, outputs)` makes."""

    # Keras recognises a functional model by the names of these arguments.
    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        _Functional.__init__(self, inputs, outputs, name=name or _keras.auto_name("model"), **kwargs)
        self.supports_jit = keras.backend.backend() != "tensorflow" or sizes_are_static(self.inputs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _check_graphs(self, kwargs["inputs"] if "inputs" in kwargs else args[0] if args else None, self._inputs_struct)
        return keras.Model.__call__(self, *args, **kwargs)

    def _run_through_graph(self, inputs: Any, operation_fn: Any = lambda op: op, call_fn: Any = None) -> Any:
        if call_fn is not None and all(x is None for x in inputs):
            # Keras checks that outputs come from inputs, but takes all calls of a layer to have as many results as its
            # first one. Graphs that are trimmed have more sets.
            call_fn = _most_results
        return super()._run_through_graph(inputs, operation_fn, call_fn)

    def get_build_config(self) -> None:
        return None  # It is built from its inputs.

    @property
    def _default_save_signature(self) -> None:
        # TensorFlow asks for it when the model is part of what it saves; Keras' own knows no ragged inputs.
        return None

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for key in ("input_layers", "output_layers"):
            config[key] = _encode(config[key])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        inputs, outputs = _decode(config["input_layers"]), _decode(config["output_layers"])
        # Keras rebuilds the layers from a model of flat lists; this one gives them their structure again.
        flat_config = {**config, "input_layers": _tensors(inputs), "output_layers": _tensors(outputs)}
        flat = keras.Model.from_config(flat_config, custom_objects=custom_objects)
        model = cls(
            inputs=_pack(inputs, iter(flat.inputs)), outputs=_pack(outputs, iter(flat.outputs)), name=config.get("name")
        )
        if config.get("trainable") is not None:
            model.trainable = config["trainable"]
        return model


def _most_results(op: Any, *args: Any, **kwargs: Any) -> list[None]:
    return [None] * max(len(call.outputs) for call in op._inbound_nodes)


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


def _check_graphs(model: Any, given: Any, expected: Any) -> None:
    """ValueError unless graphs in `given` have the sets and features of those at the same place in `expected`."""
    if isinstance(expected, GraphTensor):
        if not isinstance(given, GraphTensor):
            raise ValueError(f"Model {model.name!r} expects a GraphTensor, but got {type(given).__name__}.")
        if given._structure() != expected._structure():
            raise ValueError(
                f"Model {model.name!r} was called with a graph that has other sets or features than its input.\n"
                f"Input: {expected}\nGraph: {given}\n"
                "Remove what is too much with graph.remove_features, or make the model for dataset.element_spec."
            )
        if given.rank != expected.rank:
            raise ValueError(
                f"Model {model.name!r} expects a graph of rank {expected.rank}, but got one of rank {given.rank}. "
                "Call graph.merge_batch_to_components() in the model or before it, but not in one of the two only."
            )
    elif isinstance(expected, dict) and isinstance(given, dict):
        for key in expected.keys() & given.keys():
            _check_graphs(model, given[key], expected[key])
    elif isinstance(expected, (list, tuple)) and isinstance(given, (list, tuple)):
        for g, e in zip(given, expected, strict=False):
            _check_graphs(model, g, e)


class _Ref(tuple):
    """[layer name, node, tensor], where a model has a tensor: a leaf even where tuples are not."""


def _encode(tree: Any) -> Any:
    if isinstance(tree, GraphTensor):
        return {"graph": structure_to_lists(tree._structure()), "fields": [list(f) for f in tree._fields()]}
    if _is_ref(tree):
        return {"tensor": list(tree)}
    if isinstance(tree, dict):
        return {"dict": {k: _encode(v) for k, v in tree.items()}}
    return {"tuple" if isinstance(tree, tuple) else "list": [_encode(v) for v in tree]}


def _is_ref(tree: Any) -> bool:
    return isinstance(tree, (list, tuple)) and len(tree) == 3 and isinstance(tree[0], str)


def _decode(config: Any) -> Any:
    if "graph" in config:
        graph = GraphTensor.from_config({"structure": config["graph"], "fields": [0] * len(config["fields"])})
        return GraphTensor._from_fields(graph._structure(), [_Ref(f) for f in config["fields"]])
    if "tensor" in config:
        return _Ref(config["tensor"])
    if "dict" in config:
        return {k: _decode(v) for k, v in config["dict"].items()}
    if "tuple" in config:
        return tuple(_decode(v) for v in config["tuple"])
    return [_decode(v) for v in config["list"]]


def _tensors(tree: Any) -> list[list[Any]]:
    if isinstance(tree, _Ref):
        return [list(tree)]
    children = tree._fields() if isinstance(tree, GraphTensor) else tree.values() if isinstance(tree, dict) else tree
    return [ref for child in children for ref in _tensors(child)]


def _pack(tree: Any, tensors: Any) -> Any:
    if isinstance(tree, _Ref):
        return next(tensors)
    if isinstance(tree, GraphTensor):
        return tree._map(lambda f: _pack(f, tensors))
    if isinstance(tree, dict):
        return {k: _pack(v, tensors) for k, v in tree.items()}
    return type(tree)(_pack(v, tensors) for v in tree)
