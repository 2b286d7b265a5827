"""Several tasks on one base model: classification of papers, helped by two tasks that need no labels.

Deep Graph Infomax and VICReg train the same states on the same sampled subgraphs; the clean
subgraph goes through the base model once for all three tasks.

    python colabs/multi_task.py
"""

import tempfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gnnkit as tfgnn
from gnnkit import runner
from gnnkit.datasets import academic_graph
from gnnkit.models import contrastive_losses, vanilla_mpnn
from gnnkit.samplers import GraphStore, SamplingSpecBuilder, compile_plan, dataset, graph_tensor_spec

NUM_CLASSES = 6
FEATURES = {"paper": ["embedding"]}


class Papers(runner.DatasetProvider):
    """Subgraphs around papers, sampled anew in each epoch of training."""

    def __init__(self, store: GraphStore, plan: Any, papers: np.ndarray, *, train: bool) -> None:
        self.store, self.plan, self.papers, self.train = store, plan, papers, train

    def get_batched_dataset(self, context: tf.distribute.InputContext, batch_size: int) -> tf.data.Dataset:
        """Batches, merged by the sampler."""
        return self._dataset(batch_size=batch_size, input_context=context)

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """Single subgraphs."""
        return self._dataset(input_context=context)

    def _dataset(self, **kwargs: Any) -> tf.data.Dataset:
        return dataset(
            self.store,
            self.plan,
            self.papers,
            shuffle=self.train,
            resample=self.train,
            features=FEATURES,
            readout_features=["label"],
            **kwargs,
        )


def model_fn(spec: tfgnn.GraphTensorSpec) -> keras.Model:
    """Two rounds of messages from the cited papers."""

    def first_states(node_set: Any, *, node_set_name: str) -> Any:
        return keras.layers.Dense(32, activation="relu")(node_set["embedding"])

    graph = inputs = tfgnn.keras.Input(spec)
    graph = tfgnn.keras.layers.MapFeatures(node_sets_fn=first_states)(graph)
    for _ in range(2):
        graph = vanilla_mpnn.VanillaMPNNGraphUpdate(
            units=32, message_dim=32, receiver_tag=tfgnn.SOURCE, reduce_type="mean", node_set_names=["paper"]
        )(graph)
    return tfgnn.keras.Model(inputs, graph)


def main(num_papers: int = 2000, num_labelled: int = 800, epochs: int = 12, verbose: int = 2) -> dict[str, float]:
    """Trains, and returns the metrics on papers that were not trained on."""
    keras.utils.set_random_seed(1)
    store = GraphStore.from_tables(academic_graph(num_papers=num_papers, num_authors=num_papers))
    spec = SamplingSpecBuilder(store.tables).seed("paper").sample(6, "cites").sample(4, "cites").build()
    plan = compile_plan(store, spec)
    papers = np.random.default_rng(1).permutation(num_papers)
    train = Papers(store, plan, papers[:num_labelled], train=True)
    test = Papers(store, plan, papers[num_labelled : num_labelled + 300], train=False)
    tasks = {
        "label": runner.NodeMulticlassClassification(num_classes=NUM_CLASSES, label_feature_name="label"),
        "dgi": contrastive_losses.DeepGraphInfomaxTask("paper", seed=1),
        "vicreg": contrastive_losses.VicRegTask("paper", projector_units=[64], seed=2),
    }
    with tempfile.TemporaryDirectory() as folder:
        result = runner.run(
            train_ds_provider=train,
            model_fn=model_fn,
            optimizer_fn=lambda: keras.optimizers.Adam(5e-3),
            trainer=runner.KerasTrainer(model_dir=folder, verbose=verbose, summarize_every_n_steps="never"),
            task=tasks,
            loss_weights={"label": 1.0, "dgi": 0.1, "vicreg": 0.01},
            gtspec=graph_tensor_spec(store, plan, papers, features=FEATURES, readout_features=["label"]),
            global_batch_size=50,
            epochs=epochs,
            model_exporters=[],
        )
    return runner.evaluate(result, test, global_batch_size=50)


if __name__ == "__main__":
    print(main())
