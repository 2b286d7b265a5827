"""The models of a run: preprocessing, and base model with heads."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

import gnnkit.keras
from gnnkit.graph import GraphTensor, GraphTensorSpec, get_aux_type_prefix
from gnnkit.runner._interfaces import Task
from gnnkit.runner._stage import stage

Tasks = Task | Mapping[str, Task]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """The models before training.

    model: merged graph to (graph, labels), or (graphs, labels) where tasks make several.
    raw_model: the same with the features of auxiliary sets.
    specs: of the graphs that `model` makes, without repetition.
    inputs_of_task: for each task, which of those graphs it predicts from.
    outputs_of_task: for each of several tasks, the name of its output, or its own names of outputs to those.
    """

    model: keras.Model
    raw_model: keras.Model
    specs: list[GraphTensorSpec]
    inputs_of_task: dict[str, list[int]]
    outputs_of_task: dict[str, Any]

    def labels_of(self, task: str, labels: Mapping[str, Any]) -> Any:
        """The labels of one of several tasks, as it made them."""
        names = self.outputs_of_task[task]
        return {k: labels[name] for k, name in names.items()} if isinstance(names, Mapping) else labels[names]


def preprocessing(gtspec: GraphTensorSpec, processors: Sequence[Callable[..., Any]], tasks: Tasks) -> Preprocessing:
    """Builds the preprocessing out of feature processors and tasks."""
    inputs = gnnkit.keras.Input(gtspec.relax(num_components=True, num_nodes=True, num_edges=True), name="raw")
    graph = inputs
    for i, processor in enumerate(processors):
        with stage(f"feature_processors[{i}] ({_name(processor)})"):
            graph = processor(graph)
            if not isinstance(graph, GraphTensor):
                raise ValueError(
                    f"feature_processors[{i}] ({_name(processor)}) must return a GraphTensor, but returned "
                    f"{type(graph).__name__}. Labels are taken out by the task, not by feature processors."
                )
    graphs: list[GraphTensor] = []
    labels: dict[str, Any] = {}
    inputs_of_task: dict[str, list[int]] = {}
    for name, task in _named(tasks).items():
        with stage(f"{_label(tasks, name)}.preprocess ({type(task).__name__})"):
            made, labels[name] = _checked_preprocess(task, graph)
            inputs_of_task[name] = [_index_of(g, graphs) for g in made]
    stripped = [_without_auxiliary_features(g) for g in graphs]
    all_labels = flat_outputs(labels) if isinstance(tasks, Mapping) else labels[""]
    with stage("preprocessing model"):
        model = gnnkit.keras.Model(inputs, [_one(stripped), all_labels], name="preprocessing")
        raw_model = gnnkit.keras.Model(inputs, [_one(graphs), all_labels], name="raw_preprocessing")
    return Preprocessing(
        model=model,
        raw_model=raw_model,
        specs=[g.spec for g in stripped],
        inputs_of_task=inputs_of_task,
        outputs_of_task={
            task: {k: f"{task}_{k}" for k in value} if isinstance(value, Mapping) else task
            for task, value in labels.items()
        },
    )


def base_model(model_fn: Callable[[GraphTensorSpec], keras.Model], specs: Sequence[GraphTensorSpec]) -> keras.Model:
    """The model that `model_fn` makes. ValueError: graphs of several types, or no Keras model."""
    if any(spec != specs[0] for spec in specs):
        raise ValueError(
            "The tasks make graphs of different types, but they share one base model. A task's preprocess must keep "
            f"the sets and features of the graph. Types: {specs}"
        )
    with stage("model_fn"):
        model = model_fn(specs[0])
        if not isinstance(model, keras.Model):
            raise ValueError(
                f"model_fn(spec) must return a keras.Model from GraphTensor to GraphTensor, but returned "
                f"{type(model).__name__}. End it with `return gnnkit.keras.Model(inputs, outputs)`."
            )
        if type(model).__name__ == "Functional" and not isinstance(model, gnnkit.keras.Model):
            # A plain functional model could not be loaded from a .keras file.
            model = gnnkit.keras.Model(model.input, model.output, name=model.name)
    return model


def with_heads(base: keras.Model, prepared: Preprocessing, tasks: Tasks, *, trim_to_roots: bool = False) -> keras.Model:
    """The base model, called once for each graph, with the heads of all tasks.

    trim_to_roots: without what no head reads, as far as that can be told.
    """
    model = _with_heads(base, prepared, tasks)
    return gnnkit.keras.trim_to_roots(model) if trim_to_roots else model


def _with_heads(base: keras.Model, prepared: Preprocessing, tasks: Tasks) -> keras.Model:
    inputs = [gnnkit.keras.Input(spec) for spec in prepared.specs]
    with stage("model_fn"):
        outputs = [base(graph) for graph in inputs]
        for output in outputs:
            if not isinstance(output, GraphTensor):
                raise ValueError(
                    f"The model of model_fn must return a GraphTensor, but returned {type(output).__name__}. "
                    "Readout and head belong to the task."
                )
    predictions = {}
    for name, task in _named(tasks).items():
        graphs = [outputs[i] for i in prepared.inputs_of_task[name]]
        with stage(f"{_label(tasks, name)}.predict ({type(task).__name__})"):
            if not isinstance(tasks, Mapping):
                return gnnkit.keras.Model(_one(inputs), task.predict(*graphs))
            # Heads of several tasks may have the same name: each goes into a model of its own.
            symbolic = [gnnkit.keras.Input(g.spec) for g in graphs]
            head = gnnkit.keras.Model(_one(symbolic), task.predict(*symbolic), name=name)
            predictions[name] = head(_one(graphs))
    return gnnkit.keras.Model(_one(inputs), flat_outputs(predictions))


def without_replicas(model: Any) -> keras.Model:
    """The same layers and variables in a model that does not run on several devices, not compiled.

    To share a batch among replicas in `evaluate` and `predict`, Keras would cut a graph as it cuts tensors.
    """
    alone = gnnkit.keras.Model(model.input, model.output, name=model.name)
    alone.history = model.history
    return alone


def flat_outputs(of_tasks: Mapping[str, Any]) -> dict[str, Any]:
    """What belongs to the outputs of several tasks, by one name each: Keras has no metrics for dicts of dicts.

    A task with several outputs has names `TASK_OUTPUT`.

    >>> flat_outputs({"label": 1, "dgi": {"predictions": 2, "representations": 3}})
    {'label': 1, 'dgi_predictions': 2, 'dgi_representations': 3}
    """
    flat: dict[str, Any] = {}
    for task, value in of_tasks.items():
        flat.update({f"{task}_{key}": v for key, v in value.items()} if isinstance(value, Mapping) else {task: value})
    return flat


def flat_weights(loss_weights: Mapping[str, float], losses: Mapping[str, Any]) -> dict[str, float]:
    """The weights of outputs, from those of tasks: all outputs of a task have its weight."""
    weights = {name: loss_weights.get(name, 1.0) for name in losses}
    return flat_outputs(
        {k: dict.fromkeys(loss, weights[k]) if isinstance(loss, Mapping) else weights[k] for k, loss in losses.items()}
    )


def allow_xla(model: keras.Model) -> None:
    """Lets models of graphs be compiled with XLA, which they refuse since graphs change their shapes."""
    for layer in [model, *model._flatten_layers(include_self=False)]:
        if isinstance(layer, (gnnkit.keras.Model, gnnkit.keras.layers.GraphLayer)):
            layer.supports_jit = True


def _named(tasks: Tasks) -> Mapping[str, Task]:
    return tasks if isinstance(tasks, Mapping) else {"": tasks}


def _label(tasks: Tasks, name: str) -> str:
    return f"task[{name!r}]" if isinstance(tasks, Mapping) else "task"


def _one(items: Sequence[Any]) -> Any:
    # A list would become a tensor in tf.data.
    return items[0] if len(items) == 1 else tuple(items)


def _name(processor: Any) -> str:
    return getattr(processor, "__name__", None) or type(processor).__name__


def _checked_preprocess(task: Task, graph: GraphTensor) -> tuple[list[GraphTensor], Any]:
    result = task.preprocess(graph)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError(
            f"{type(task).__name__}.preprocess must return (graph or graphs, labels), but returned "
            f"{type(result).__name__}."
        )
    made, labels = result
    graphs = [made] if isinstance(made, GraphTensor) else list(made)
    for g in graphs:
        if not isinstance(g, GraphTensor):
            raise ValueError(
                f"{type(task).__name__}.preprocess must return GraphTensors first, but returned {type(g).__name__}."
            )
    for label in keras.tree.flatten(labels):
        if not isinstance(label, keras.KerasTensor):
            raise ValueError(
                f"{type(task).__name__}.preprocess must compute the labels from the graph, but returned "
                f"{type(label).__name__}. Does label_fn return (graph, label)?"
            )
    return graphs, labels


def _index_of(graph: GraphTensor, graphs: list[GraphTensor]) -> int:
    """Where `graph` is in `graphs`; it is appended if nothing there has the same tensors."""
    for i, other in enumerate(graphs):
        same = other is graph or (
            other._structure() == graph._structure()
            and all(a is b for a, b in zip(other._fields(), graph._fields(), strict=True))
        )
        if same:
            return i
    graphs.append(graph)
    return len(graphs) - 1


def _without_auxiliary_features(graph: GraphTensor) -> GraphTensor:
    """Labels and the like live in auxiliary sets; the model must not see them."""
    return graph.replace_features(
        node_sets={name: {} for name, piece in graph.node_sets.items() if get_aux_type_prefix(name) and piece.features},
        edge_sets={name: {} for name, piece in graph.edge_sets.items() if get_aux_type_prefix(name) and piece.features},
    )
