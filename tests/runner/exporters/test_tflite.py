"""TensorFlow Lite files: they run without TensorFlow's operations, and give what the model gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import models, runner
from gnnkit.runner.exporters._fields import field_names

UNITS = 4
TO = {"receiver_tag": gnnkit.TARGET}
HEADS = {"num_heads": 2, "per_head_channels": 2, **TO}
UPDATES = {
    "vanilla_mpnn": lambda: models.vanilla_mpnn.VanillaMPNNGraphUpdate(
        units=UNITS, message_dim=4, l2_regularization=0.0, dropout_rate=0.0, **TO
    ),
    "gcn": lambda: models.gcn.GCNHomGraphUpdate(units=UNITS, add_self_loops=True, **TO),
    "gat_v2": lambda: models.gat_v2.GATv2HomGraphUpdate(**HEADS),
    "graph_sage": lambda: models.graph_sage.GraphSAGEGraphUpdate(units=UNITS, hidden_units=4, **TO),
    "hgt": lambda: models.hgt.HGTGraphUpdate(**HEADS),
    "mt_albis": lambda: models.mt_albis.MtAlbisGraphUpdate(units=UNITS, message_dim=4, **TO),
    "multi_head_attention": lambda: models.multi_head_attention.MultiHeadAttentionHomGraphUpdate(**HEADS),
    "appnp": lambda: models.appnp.APPNPHomGraphUpdate(**TO),
    "gin": lambda: models.gin.GINHomGraphUpdate(units=UNITS, **TO),
    "rgcn": lambda: models.rgcn.RGCNGraphUpdate(units=UNITS, **TO),
    "gat": lambda: models.gat.GATHomGraphUpdate(**HEADS),
    "pna": lambda: models.pna.PNAHomGraphUpdate(units=UNITS, mean_log_degree=0.7, **TO),
    "transformer_conv": lambda: models.transformer_conv.TransformerConvHomGraphUpdate(**HEADS),
}
FAST = {"mt_albis"}


def _graph(seed, nodes=5, edges=7):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, nodes, [2, edges]).astype(np.int32)
    return gnnkit.homogeneous(*ends, node_features=rng.normal(size=(nodes, UNITS)).astype(np.float32))


def _model(update):
    inputs = gnnkit.keras.Input(_graph(0).spec.relax(num_components=True, num_nodes=True, num_edges=True))
    pooled = gnnkit.pool_nodes_to_context(update(inputs), "nodes", "mean", feature_name="hidden_state")
    return gnnkit.keras.Model(inputs, keras.layers.Dense(2, name="logits")(pooled))


@pytest.mark.parametrize("name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in UPDATES])
def test_models_of_the_collection(name, tmp_path):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    keras.utils.set_random_seed(1)
    model = _model(UPDATES[name]())
    path = str(tmp_path / "model.tflite")
    names = runner.export_tflite(model, path)
    run = interpreter.Interpreter(model_path=path).get_signature_runner()
    for graph in (_graph(1), _graph(2, nodes=9, edges=3)):
        fields = zip(field_names(graph), graph._fields(), strict=True)
        outputs = run(**{names[key]: np.asarray(field) for key, field in fields})
        np.testing.assert_allclose(outputs["logits"], model(graph), rtol=1e-5, atol=1e-6)


def test_what_cannot_be_converted(tmp_path):
    graph = _graph(0)
    path = str(tmp_path / "model.tflite")
    words = graph.replace_features(node_sets={"nodes": {"word": tf.constant(["a"] * 5)}})
    inputs = gnnkit.keras.Input(words.spec)
    model = gnnkit.keras.Model(inputs, inputs.node_sets["nodes"]["word"])
    with pytest.raises(ValueError, match=r"nodes/nodes.word is of strings, but TensorFlow Lite files take dense"):
        runner.export_tflite(model, path)
    inputs = gnnkit.keras.Input(graph.spec)

    class Digamma(keras.layers.Layer):
        def call(self, x):
            return tf.math.digamma(x)

    model = gnnkit.keras.Model(inputs, Digamma(name="out")(inputs.node_sets["nodes"]["hidden_state"]))
    with pytest.raises(
        ValueError, match=r"TensorFlow Lite lacks operations of this model: .*Digamma.* Use export_model"
    ):
        runner.export_tflite(model, path)
    plain = keras.Input([3])
    with pytest.raises(ValueError, match="needs a model of one GraphTensor, but its input is KerasTensor"):
        runner.export_tflite(keras.Model(plain, plain), path)
