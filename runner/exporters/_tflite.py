"""Models to TensorFlow Lite files."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from gnnkit.graph import GraphTensor
from gnnkit.ops._sorted_segments import plain_kernels
from gnnkit.runner.exporters._export_model import names_of_outputs
from gnnkit.runner.exporters._fields import field_names, named_features

_log = logging.getLogger("gnnkit.runner")


def export_tflite(model: keras.Model, path: str, *, output_names: Any = None) -> Mapping[str, str]:
    """Writes `model` as a TensorFlow Lite file, which runs with `ai-edge-litert` and without TensorFlow.

    The file has one signature, `serving_default`. Its inputs are the tensors of a merged scalar graph; the graph is put
    together inside. Its operations are those that TensorFlow Lite has itself, none of TensorFlow's ("Flex").

    model: of one GraphTensor with dense features of numbers, as a `RunResult.trained_model`.
    path: of the file.
    output_names: as for `export_model`.

    Returns the names of the inputs by the names of the graph's tensors in Examples, as
    `{"nodes/paper.x": "nodes_paper_x"}`.

    ValueError: features that are strings or ragged, or operations that TensorFlow Lite does not have.
    """
    inputs: Any = model.input
    if not isinstance(inputs, GraphTensor):
        raise ValueError(f"export_tflite needs a model of one GraphTensor, but its input is {type(inputs).__name__}.")
    spec = inputs.spec
    keys = field_names(spec)
    fields = dict(zip(keys, spec._fields(), strict=True))
    for key, field in fields.items():
        if isinstance(field, tf.RaggedTensorSpec) or field.dtype == tf.string:
            what = "ragged" if isinstance(field, tf.RaggedTensorSpec) else "of strings"
            raise ValueError(
                f"export_tflite: {key} is {what}, but TensorFlow Lite files take dense numbers. Turn it into numbers in a "
                "feature processor, before the model."
            )
    arguments = {key: re.sub(r"\W+", "_", key).strip("_") for key in keys}
    if len(set(arguments.values())) < len(arguments):
        raise ValueError(f"export_tflite: several tensors would have the same name: {sorted(arguments.values())}.")
    names = names_of_outputs(model, output_names)

    @tf.function(autograph=False)
    def serve(**tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        graph = GraphTensor._from_fields(spec._structure(), [tensors[arguments[key]] for key in keys])
        outputs = model(graph, training=False)
        values = named_features(outputs).values() if isinstance(outputs, GraphTensor) else keras.tree.flatten(outputs)
        return dict(zip(names, values, strict=True))

    signature = {
        arguments[key]: tf.TensorSpec(field.shape, field.dtype, name=arguments[key]) for key, field in fields.items()
    }
    with plain_kernels():
        concrete = serve.get_concrete_function(**signature)
    # TensorFlow must find the variables: those that are left out are without values in the file.
    module = tf.Module()
    module.tracked = [variable.value for variable in model.variables]
    module.serve = serve
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], trackable_obj=module)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    try:
        content = converter.convert()
    except Exception as e:
        missing = sorted(set(re.findall(r"tf\.(\w+)", str(e))))
        raise ValueError(
            f"export_tflite: TensorFlow Lite lacks operations of this model: {', '.join(missing) or str(e)[:300]}. "
            "Use export_model, whose SavedModel has all of TensorFlow's."
        ) from e
    with tf.io.gfile.GFile(path, "wb") as f:
        f.write(content)
    _log.info("Wrote %s (%d bytes).", path, len(content))
    return arguments
