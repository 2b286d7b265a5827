"""Models to SavedModels that score serialized Examples without gnnkit."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from gnnkit.graph import GraphTensor, GraphTensorSpec
from gnnkit.ops._gradients import no_own_gradients
from gnnkit.runner.exporters._fields import field_names, named_features
from gnnkit.runner.exporters._serving import Serving

_log = logging.getLogger("gnnkit.runner")


def export_model(
    model: keras.Model,
    export_dir: str,
    *,
    output_names: Any = None,
    options: tf.saved_model.SaveOptions | None = None,
    use_legacy_model_save: bool | None = None,
    preprocess_model: keras.Model | None = None,
    gtspec: GraphTensorSpec | None = None,
) -> None:
    """Saves `model` as a SavedModel, and as `model.keras` in the same folder where that file loads again.

    The SavedModel has the signature `serving_default`: `examples`, string `[B]`, serialized tf.train.Examples, to a
    dict of outputs. `tf.saved_model.load` loads it in a process without gnnkit. Features that the outputs do not depend
    on (labels) may be absent from the Examples.

    model: GraphTensor to a tensor or a nested structure of them.
    output_names: a name, or names in the structure of the outputs. By default keys of dicts, or the name of the layer.
    options: how `tf.saved_model.save` saves.
    use_legacy_model_save: unused; kept for TF-GNN programs.
    preprocess_model: comes before `model`; graph to (graph, labels).
    gtspec: the graph in one Example; by default that of the first model's input, with one component.

    ValueError: the model's input is no graph, or `output_names` does not fit the outputs.
    """
    del use_legacy_model_save
    first = preprocess_model if preprocess_model is not None else model
    if not isinstance(first.input, GraphTensor):
        raise ValueError(
            f"export_model needs a model of one GraphTensor, but its input is {type(first.input).__name__}. "
            "For other inputs use keras.Model.export."
        )
    names = names_of_outputs(model, output_names)
    write_saved_model(
        {
            "serving_default": Serving(
                scores(model, preprocess_model, names),
                gtspec if gtspec is not None else _one_component(first.input.spec),
            )
        },
        [layer for layer in (preprocess_model, model) if layer is not None],
        export_dir,
        options,
    )
    _save_keras_file(model, os.path.join(export_dir, "model.keras"))


def scores(
    model: keras.Model, preprocess_model: keras.Model | None, names: Sequence[str]
) -> Callable[[GraphTensor], dict[str, Any]]:
    """A function from a merged graph to the named outputs of the model."""

    def score(graph: GraphTensor) -> dict[str, Any]:
        if preprocess_model is not None:
            graph = preprocess_model(graph)[0]
        outputs = model(graph, training=False)
        values = named_features(outputs).values() if isinstance(outputs, GraphTensor) else keras.tree.flatten(outputs)
        return dict(zip(names, values, strict=True))

    return score


def write_saved_model(endpoints: Mapping[str, Serving], tracked: Sequence[Any], export_dir: str, options: Any) -> None:
    """Writes a SavedModel whose signatures take serialized Examples. tracked: what has the variables."""
    archive: Any = keras.export.ExportArchive()
    for layer in tracked:
        archive.track(layer)
    with no_own_gradients():
        for name, serving in endpoints.items():
            archive.add_endpoint(
                name,
                _examples_to(serving),
                input_signature=[tf.TensorSpec([None], tf.string, name="examples")],
            )
        archive.write_out(export_dir, options=options, verbose=False)


def _examples_to(serving: Serving) -> Callable[[tf.Tensor], Any]:
    unread = serving.unread_features()
    return lambda examples: serving(examples, unread)


def names_of_outputs(model: keras.Model, given: Any) -> list[str]:
    """The names of a model's outputs. given: see `export_model`."""
    outputs = model.output
    if isinstance(outputs, GraphTensor):
        outputs = dict.fromkeys(n for n in field_names(outputs) if ".#" not in n)
    count = len(outputs) if isinstance(model.output, GraphTensor) else len(keras.tree.flatten(outputs))
    if given is not None:
        names = keras.tree.flatten(given)
        if len(names) != count or not all(isinstance(n, str) for n in names):
            raise ValueError(
                f"output_names must be a str, or have a str for each of the {count} outputs, in their structure; "
                f"got {given!r}."
            )
    elif isinstance(model.output, GraphTensor):
        names = list(outputs)
    elif isinstance(outputs, Mapping):
        # Flattened as the outputs are.
        paths = keras.tree.flatten(_key_paths(outputs, ""))
        names = [str(p) for p in paths]
    else:
        names = list(model.output_names)
    if len(set(names)) != len(names):
        raise ValueError(f"The names of outputs must differ, but are {names}. Pass output_names.")
    return names


def _key_paths(tree: Any, prefix: str) -> Any:
    if isinstance(tree, Mapping):
        return {k: _key_paths(v, f"{prefix}{k}/") for k, v in tree.items()}
    return prefix[:-1]


def _one_component(spec: GraphTensorSpec) -> GraphTensorSpec:
    """The spec of one graph out of that of merged graphs."""

    def first_dim_1(field: Any) -> Any:
        shape = tf.TensorShape([1]).concatenate(field.shape[1:])
        if isinstance(field, tf.RaggedTensorSpec):
            return tf.RaggedTensorSpec(shape, field.dtype, field.ragged_rank, field.row_splits_dtype)
        return tf.TensorSpec(shape, field.dtype)

    def convert(piece: Any, per_component: bool) -> Any:
        fields = piece._fields()
        return piece._from_fields(
            piece._structure(), [first_dim_1(f) if per_component or i == 0 else f for i, f in enumerate(fields)]
        )

    return GraphTensorSpec.from_piece_specs(
        context_spec=convert(spec.context_spec, True),
        node_sets_spec={k: convert(v, False) for k, v in spec.node_sets_spec.items()},
        edge_sets_spec={k: convert(v, False) for k, v in spec.edge_sets_spec.items()},
    )


def _save_keras_file(model: keras.Model, path: str) -> None:
    try:
        model.save(path)
        keras.models.load_model(path)
    except Exception as e:  # Layers of the user's may be impossible to save; the SavedModel is what counts.
        reason = " ".join(str(e).split())[:1000] or type(e).__name__
        _log.warning("No %s: the model cannot be saved as a .keras file and loaded again (%s).", path, reason)
        if tf.io.gfile.exists(path):
            tf.io.gfile.remove(path)
