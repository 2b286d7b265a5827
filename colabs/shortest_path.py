"""An encode-process-decode network that learns to find shortest paths, with a training loop of its own.

Every graph is a random one, fresh from a networkx generator: nodes in the unit square, joined to their near neighbours, one
of them the start and one the end. The network marks the nodes and edges of the shortest path between them
(Battaglia et al., "Relational inductive biases, deep learning, and graph networks", 2018).

    python colabs/shortest_path.py
"""

from collections.abc import Iterator
from typing import Any

import keras
import networkx as nx
import numpy as np
import tensorflow as tf

import gnnkit as tfgnn
from gnnkit.keras import layers


def random_graphs(seed: int, min_nodes: int = 8, max_nodes: int = 16) -> Iterator[tfgnn.GraphTensor]:
    """Graphs without end. Nodes: `position` float64 `[V, 2]`, `is_start`, `is_end` and `solution` bool; edges: `distance`
    float64 and `solution` bool, one edge for each direction."""
    rng = np.random.default_rng(seed)
    while True:
        count = int(rng.integers(min_nodes, max_nodes + 1))
        position = rng.random([count, 2])
        graph = nx.random_geometric_graph(count, 0.35, pos=dict(enumerate(position)), seed=int(rng.integers(2**31)))
        # Near neighbours may leave islands: the shortest tree over all nodes joins them.
        everyone = nx.complete_graph(count)
        for one, other in everyone.edges:
            everyone.edges[one, other]["distance"] = np.linalg.norm(position[one] - position[other])
        graph.add_edges_from(nx.minimum_spanning_edges(everyone, weight="distance", data=False))
        for one, other in graph.edges:
            graph.edges[one, other].update(everyone.edges[one, other], solution=np.bool_(False))
        start, end = (int(node) for node in rng.choice(count, 2, replace=False))
        path = nx.shortest_path(graph, start, end, weight="distance")
        for node in graph.nodes:
            graph.nodes[node].clear()
            graph.nodes[node].update(
                position=position[node],
                is_start=np.bool_(node == start),
                is_end=np.bool_(node == end),
                solution=np.bool_(node in path),
            )
        for one, other in zip(path, path[1:], strict=False):
            graph.edges[one, other]["solution"] = np.bool_(True)
        graph.graph.clear()
        yield tfgnn.interop.from_networkx(graph)


def batches(seed: int, batch_size: int) -> tf.data.Dataset:
    """Merged batches of graphs."""
    spec = next(random_graphs(seed)).spec.relax(num_nodes=True, num_edges=True)
    ds = tf.data.Dataset.from_generator(lambda: random_graphs(seed), output_signature=spec)
    return ds.batch(batch_size, drop_remainder=True).map(lambda graph: graph.merge_batch_to_components())


def dense(units: int) -> keras.Layer:
    """What all parts of the network are made of."""
    return keras.Sequential(
        [keras.layers.Dense(units, "relu"), keras.layers.Dense(units), keras.layers.LayerNormalization()]
    )


class Encoder(keras.layers.Layer):
    """Features to first states of nodes and edges; the answer is left out."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.nodes, self.edges, self.context = dense(units), dense(units), keras.layers.Dense(units)

    def call(self, graph: tfgnn.GraphTensor) -> tfgnn.GraphTensor:
        """Returns the graph with nothing but `hidden_state`."""
        nodes, edges = graph.node_sets["nodes"], graph.edge_sets["edges"]
        marks = [tf.cast(nodes[name], tf.float32)[:, None] for name in ("is_start", "is_end")]
        states = self.nodes(tf.concat([tf.cast(nodes["position"], tf.float32), *marks], -1))
        distances = self.edges(tf.cast(edges["distance"], tf.float32)[:, None])
        nothing = tf.zeros([graph.num_components, 1])
        return graph.replace_features(
            node_sets={"nodes": {"hidden_state": states}},
            edge_sets={"edges": {"hidden_state": distances}},
            context={"hidden_state": self.context(nothing)},
        )


def updates(units: int) -> Any:
    """A `deferred_init_callback`: the parts of a GraphUpdate, for all sets of the graph that comes."""

    def parts(spec: tfgnn.GraphTensorSpec) -> dict[str, Any]:
        edge_sets, node_sets = list(spec.edge_sets_spec), list(spec.node_sets_spec)
        return {
            "edge_sets": {
                name: layers.EdgeSetUpdate(
                    layers.NextStateFromConcat(dense(units)), context_input_feature="hidden_state"
                )
                for name in edge_sets
            },
            "node_sets": {
                name: layers.NodeSetUpdate(
                    {edge_set: layers.Pool(tfgnn.TARGET, "sum") for edge_set in edge_sets},
                    layers.NextStateFromConcat(dense(units)),
                    context_input_feature="hidden_state",
                )
                for name in node_sets
            },
            "context": layers.ContextUpdate(
                {name: layers.Pool(tfgnn.CONTEXT, "mean") for name in node_sets},
                layers.NextStateFromConcat(dense(units)),
                edge_set_inputs={name: layers.Pool(tfgnn.CONTEXT, "mean") for name in edge_sets},
            ),
        }

    return parts


class EncodeProcessDecode(keras.Model):
    """Graph to logits of nodes `[V]` and of edges `[E]`: are they on the path? One process, repeated."""

    def __init__(self, units: int = 32, rounds: int = 6) -> None:
        super().__init__()
        self.encoder = Encoder(units)
        self.process = layers.GraphUpdate(deferred_init_callback=updates(units))
        self.decoders = [keras.layers.Dense(1), keras.layers.Dense(1)]
        self.rounds = rounds

    def call(self, graph: tfgnn.GraphTensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The logits."""
        graph = self.encoder(graph)
        for _ in range(self.rounds):
            graph = self.process(graph)
        pieces = (graph.node_sets["nodes"], graph.edge_sets["edges"])
        nodes, edges = (
            decoder(piece["hidden_state"])[:, 0] for decoder, piece in zip(self.decoders, pieces, strict=True)
        )
        return nodes, edges


def main(steps: int = 1200, batch_size: int = 32, verbose: int = 1) -> dict[str, float]:
    """Trains, and returns metrics on new graphs, with the number of times that the step was traced."""
    keras.utils.set_random_seed(1)
    train = batches(seed=1, batch_size=batch_size)
    model, optimizer, traces = EncodeProcessDecode(), keras.optimizers.Adam(2e-3), []
    model(next(iter(train)))  # Run once as plain Python, which makes the weights.
    optimizer.build(model.trainable_variables)

    def loss_of(logits: tf.Tensor, solution: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(solution, tf.float32), logits))

    @tf.function(input_signature=[train.element_spec])
    def step(graph: tfgnn.GraphTensor) -> tf.Tensor:
        traces.append(graph)
        with tf.GradientTape() as tape:
            nodes, edges = model(graph, training=True)
            loss = loss_of(nodes, graph.node_sets["nodes"]["solution"])
            loss += loss_of(edges, graph.edge_sets["edges"]["solution"])
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    for number, graph in enumerate(train.take(steps), start=1):
        loss = step(graph)
        if verbose and number % 200 == 0:
            print(f"step {number}: loss {float(loss):.4f}")

    right = {"nodes": keras.metrics.BinaryAccuracy(threshold=0.0), "edges": keras.metrics.BinaryAccuracy(threshold=0.0)}
    share = keras.metrics.Mean()
    for graph in batches(seed=2, batch_size=batch_size).take(10):
        nodes, edges = model(graph)
        right["nodes"].update_state(graph.node_sets["nodes"]["solution"], nodes)
        right["edges"].update_state(graph.edge_sets["edges"]["solution"], edges)
        share.update_state(graph.node_sets["nodes"]["solution"])
    on_path = float(share.result())
    return {
        "node_accuracy": float(right["nodes"].result()),
        "edge_accuracy": float(right["edges"].result()),
        "node_accuracy_of_a_guess": max(on_path, 1 - on_path),
        "traces": len(traces),
    }


if __name__ == "__main__":
    print(main())
