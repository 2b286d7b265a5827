"""Test accuracy of models on Cora: standard split, full graph, several seeds.

    python benchmarks/cora.py [--data ../shared/data/cora.npz] [--seeds 5] [--models gcn gat_v2 graph_sage appnp]

Each run keeps the weights of the step that is best on the validation papers.
"""

import argparse
import dataclasses
import pathlib
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gnnkit
from gnnkit.keras.layers import AddSelfLoops, MapFeatures, Readout
from gnnkit.models.appnp import APPNPHomGraphUpdate
from gnnkit.models.gat_v2 import GATv2HomGraphUpdate
from gnnkit.models.gcn import GCNHomGraphUpdate
from gnnkit.models.graph_sage import GraphSAGEGraphUpdate

H = "hidden_state"
NUM_CLASSES = 7
DATA = pathlib.Path(__file__).parents[2] / "shared" / "data" / "cora.npz"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """layers: from graph to graph; the last states are logits. l2: of the matrices of the first layer with any."""

    layers: Callable[[], list[Any]]
    learning_rate: float = 0.01
    l2: float = 5e-4
    steps: int = 200


def on_states(*layers: Any) -> MapFeatures:
    return MapFeatures(node_sets_fn=lambda node_set, node_set_name: keras.Sequential(list(layers))(node_set[H]))


def dropout(rate: float) -> MapFeatures:
    return on_states(keras.layers.Dropout(rate))


def gcn() -> list[Any]:
    return [
        dropout(0.8),
        GCNHomGraphUpdate(units=64, add_self_loops=True),
        dropout(0.8),
        GCNHomGraphUpdate(units=NUM_CLASSES, activation=None, add_self_loops=True, name="logits"),
    ]


def gat_v2() -> list[Any]:
    common = {"receiver_tag": gnnkit.TARGET, "edge_dropout": 0.6}
    last = {"heads_merge_type": "mean", "activation": None, "name": "logits"}
    return [
        AddSelfLoops("cites"),
        dropout(0.6),
        GATv2HomGraphUpdate(num_heads=8, per_head_channels=8, activation="elu", **common),
        dropout(0.6),
        GATv2HomGraphUpdate(num_heads=1, per_head_channels=NUM_CLASSES, **common, **last),
    ]


def graph_sage() -> list[Any]:
    common = {"receiver_tag": gnnkit.TARGET, "use_pooling": False, "l2_normalize": False}
    return [
        dropout(0.8),
        GraphSAGEGraphUpdate(units=64, **common),
        dropout(0.8),
        GraphSAGEGraphUpdate(units=NUM_CLASSES, activation=None, name="logits", **common),
    ]


def appnp() -> list[Any]:
    hidden, logits = keras.layers.Dense(64, "relu"), keras.layers.Dense(NUM_CLASSES)
    return [
        on_states(keras.layers.Dropout(0.5), hidden, keras.layers.Dropout(0.5), logits),
        APPNPHomGraphUpdate(num_steps=10, teleport_probability=0.1, edge_dropout=0.5),
    ]


RECIPES = {
    "gcn": Recipe(layers=gcn),
    "gat_v2": Recipe(layers=gat_v2, learning_rate=0.005, steps=300),
    "graph_sage": Recipe(layers=graph_sage),
    "appnp": Recipe(layers=appnp),
}


@dataclasses.dataclass(frozen=True)
class Cora:
    graph: gnnkit.GraphTensor
    labels: tf.Tensor
    train: tf.Tensor
    valid: tf.Tensor
    test: tf.Tensor


def load(path: Any) -> Cora:
    tables = gnnkit.datasets.cora(path)
    papers, cites = tables.node_sets["paper"], tables.edge_sets["cites"]
    words = papers.features["words"]
    graph = gnnkit.homogeneous(
        cites.source,
        cites.target,
        node_set_name="paper",
        edge_set_name="cites",
        node_features={H: words / np.maximum(words.sum(1, keepdims=True), 1)},
    )
    parts = [tf.constant(np.flatnonzero(papers.features["split"] == name)) for name in (b"train", b"valid", b"test")]
    return Cora(graph, tf.constant(papers.features["label"]), *parts)


def accuracy(cora: Cora, recipe: Recipe, seed: int) -> float:
    """Trains a model and gives its accuracy on the test papers."""
    keras.utils.set_random_seed(seed)
    graph = inputs = gnnkit.keras.Input(cora.graph.spec)
    decayed: list[Any] = []
    for layer in recipe.layers():
        graph = layer(graph)
        decayed = decayed or [w for w in layer.trainable_variables if len(w.shape) > 1]
    model = gnnkit.keras.Model(inputs, Readout(node_set_name="paper")(graph))
    optimizer = keras.optimizers.Adam(recipe.learning_rate)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            logits = tf.gather(model(cora.graph, training=True), cora.train)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(cora.labels, cora.train), logits)
            loss = tf.reduce_mean(losses) + recipe.l2 * tf.add_n([tf.reduce_sum(w**2) for w in decayed])
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, [w.value for w in weights]), weights, strict=True))

    @tf.function
    def evaluate() -> tuple[Any, Any]:
        right = tf.cast(tf.argmax(model(cora.graph, training=False), -1) == cora.labels, tf.float32)
        return tuple(tf.reduce_mean(tf.gather(right, part)) for part in (cora.valid, cora.test))

    best = (0.0, 0.0)
    for _ in range(recipe.steps):
        step()
        valid, test = (float(value) for value in evaluate())
        best = max(best, (valid, test), key=lambda found: found[0])
    return best[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=DATA, help="the file cora.npz")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--models", nargs="+", choices=RECIPES, default=list(RECIPES))
    arguments = parser.parse_args()
    cora = load(arguments.data)
    for name in arguments.models:
        start = time.monotonic()
        found = np.array([accuracy(cora, RECIPES[name], seed) for seed in range(arguments.seeds)])
        seconds = (time.monotonic() - start) / arguments.seeds
        print(f"{name}: mean {found.mean():.4f}, seeds {found.round(4).tolist()}, {seconds:.0f} s a seed", flush=True)


if __name__ == "__main__":
    main()
