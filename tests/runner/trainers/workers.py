"""One of the processes of a training on several workers; prints its metrics as JSON, and those of `evaluate`.

usage: workers.py CONFTEST FOLDER FILES PORTS INDEX [EPOCH]. PORTS: of all workers, separated by commas; none for a
single process. EPOCH: of whose steps the last is not done: the process kills itself.
"""

# ruff: noqa: E402
import importlib.util
import json
import os
import signal
import sys

conftest, folder, files, ports, index = sys.argv[1:6]
stop_in = int(sys.argv[6]) if len(sys.argv) > 6 else None
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
if ports:
    cluster = {"worker": [f"localhost:{port}" for port in ports.split(",")]}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": int(index)}})
import tensorflow as tf

# The workers must be known before TensorFlow is used.
strategy = tf.distribute.MultiWorkerMirroredStrategy() if ports else None
import keras
import numpy as np

from gnnkit import runner

spec = importlib.util.spec_from_file_location("graphs_", conftest)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)


def model_fn(spec):
    """Without dropout, whose random numbers depend on the sizes of batches."""
    import gnnkit

    graph = gnnkit.keras.Input(spec)
    x = keras.layers.Dense(8, "tanh")(graph.node_sets["paper"]["x"])
    sent = gnnkit.broadcast_node_to_edges(graph, "cites", gnnkit.SOURCE, feature_value=x)
    pooled = gnnkit.pool_edges_to_node(graph, "cites", gnnkit.TARGET, "sum", feature_value=sent)
    state = keras.layers.Dense(8, "relu")(keras.layers.Concatenate()([x, pooled]))
    return gnnkit.keras.Model(graph, graph.replace_features(node_sets={"paper": {"hidden_state": state}}))


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        print("EPOCH", epoch, flush=True)

    def on_train_batch_begin(self, batch, logs=None):
        print("STEP", self.epoch, batch, flush=True)
        if (self.epoch, batch) == (stop_in, 3):
            os.kill(os.getpid(), signal.SIGKILL)


graph = module._graph(np.random.default_rng(5))
keras.utils.set_random_seed(3)
# Two files, one for each worker, with the examples in turns: the batches have the same examples for one process.
provider = runner.TFRecordDatasetProvider(files)
result = runner.run(
    train_ds_provider=provider,
    valid_ds_provider=provider,
    model_fn=model_fn,
    optimizer_fn=lambda: keras.optimizers.Adam(0.02),
    trainer=runner.KerasTrainer(
        strategy,
        model_dir=folder,
        verbose=0,
        callbacks=[Stop()],
        summarize_every_n_steps="never",
        backup_every_n_steps=3,
    ),
    task=runner.RootNodeMulticlassClassification("paper", num_classes=2, label_fn=runner.ContextLabelFn("label")),
    feature_processors=[lambda g: g.remove_features(node_sets={"paper": ["label"]})],
    gtspec=graph.spec.relax(num_nodes=True, num_edges=True),
    global_batch_size=8,
    epochs=3,
    model_exporters=[],
)
print("HISTORY", json.dumps(result.trained_model.history.history), flush=True)
# Each worker evaluates all examples.
evaluation = runner.evaluate(result, runner.TFRecordDatasetProvider(files), global_batch_size=8)
print("EVALUATION", json.dumps(evaluation), flush=True)
