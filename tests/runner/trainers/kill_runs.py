"""A program that trains in forked processes, some of which die at random moments, and prints the metrics of all.

usage: kill_runs.py CONFTEST FOLDER RUNS KILLS. Prints a JSON line for each run: whole ones first, then those that were
killed KILLS times each.
"""

import importlib.util
import json
import os
import random
import signal
import sys
import threading
import time
import traceback

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import keras
import numpy as np
import tensorflow as tf  # Imported, but not used before a fork: its threads would not survive that.

import gnnkit
from gnnkit import runner

EPOCHS, STEPS = 4, 6


class _Die(keras.callbacks.Callback):
    """Kills the process some seconds after the end of a step, counted over all epochs."""

    def __init__(self, step, delay):
        super().__init__()
        self._step, self._delay = step, delay
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.002)
        if self._epoch * STEPS + batch + 1 == self._step:
            threading.Timer(self._delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
            time.sleep(self._delay / 2)


def _train(graphs_module, folder, death):
    rng = np.random.default_rng(5)
    graphs = [graphs_module._graph(rng) for _ in range(8 * STEPS)]
    dataset = tf.data.Dataset.from_tensor_slices([gnnkit.write_example(g).SerializeToString() for g in graphs])
    keras.utils.set_random_seed(3)
    result = runner.run(
        train_ds_provider=runner.PassthruDatasetProvider(dataset, shuffle_datasets=True, seed=1),
        valid_ds_provider=runner.PassthruDatasetProvider(dataset.take(16)),
        model_fn=graphs_module._model,
        optimizer_fn=lambda: keras.optimizers.Adam(0.03, global_clipnorm=1.0),
        trainer=runner.KerasTrainer(
            model_dir=folder,
            verbose=0,
            summarize_every_n_steps="never",
            backup_every_n_steps=2,
            callbacks=[
                keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
                keras.callbacks.EarlyStopping(patience=3),
                *([_Die(*death)] if death else []),
            ],
        ),
        task=runner.RootNodeMulticlassClassification("paper", num_classes=2, label_fn=runner.ContextLabelFn("label")),
        feature_processors=[lambda g: g.remove_features(node_sets={"paper": ["label"]})],
        gtspec=graphs[0].spec.relax(num_nodes=True, num_edges=True),
        global_batch_size=8,
        epochs=EPOCHS,
        model_exporters=[],
    )
    model = result.trained_model
    weights = [float(np.abs(w).sum()) for w in model.get_weights()]
    print(json.dumps({"history": model.history.history, "epoch": model.history.epoch, "weights": weights}), flush=True)


def _in_a_fork(*args):
    process = os.fork()
    if not process:
        try:
            _train(*args)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            os._exit(0)
    _, status = os.waitpid(process, 0)
    return status


def main():
    spec = importlib.util.spec_from_file_location("graphs_", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder, runs, kills = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    _in_a_fork(module, os.path.join(folder, "whole"), None)
    rng, died = random.Random(7), 0
    for i in range(runs):
        for step in sorted(rng.sample(range(1, (EPOCHS - 1) * STEPS + 2), kills)):
            death = step, rng.choice([0.0, rng.uniform(0, 0.05)])
            died += os.WIFSIGNALED(_in_a_fork(module, os.path.join(folder, str(i)), death))
        _in_a_fork(module, os.path.join(folder, str(i)), None)
    print(json.dumps({"died": died}))


if __name__ == "__main__":
    main()
