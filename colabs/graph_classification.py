"""Graph classification with edge features: is a molecule toxic?

The molecules are made here: chains and rings of atoms, joined by single, double and aromatic bonds. One is "toxic" if a
double bond joins a nitrogen and an oxygen, which only a model that reads bonds and both of their ends can tell.

    python colabs/graph_classification.py
"""

import keras
import numpy as np
import tensorflow as tf

import gnnkit as tfgnn

ATOMS, BONDS = ("C", "N", "O", "Cl"), ("single", "double", "aromatic")


def molecule(rng: np.random.Generator) -> tfgnn.GraphTensor:
    """A random molecule; each bond is two edges, one each way."""
    num = int(rng.integers(6, 16))
    atoms = rng.choice(len(ATOMS), num, p=[0.6, 0.18, 0.18, 0.04])
    first = np.arange(1, num)
    second = np.where(rng.random(num - 1) < 0.7, first - 1, rng.integers(0, first))
    if num > 8:  # A ring.
        first, second = np.append(first, 5), np.append(second, 0)
    bonds = rng.choice(len(BONDS), len(first), p=[0.6, 0.25, 0.15])
    ends = np.sort(np.stack([atoms[first], atoms[second]]), axis=0)
    toxic = np.any((ends[0] == 1) & (ends[1] == 2) & (bonds == 1))
    return tfgnn.GraphTensor.from_pieces(
        context=tfgnn.Context.from_fields(features={"toxic": np.array([toxic], np.int64)}),
        node_sets={
            "atoms": tfgnn.NodeSet.from_fields(
                sizes=np.array([num], np.int32), features={"hidden_state": np.eye(len(ATOMS), dtype=np.float32)[atoms]}
            )
        },
        edge_sets={
            "bonds": tfgnn.EdgeSet.from_fields(
                sizes=np.array([2 * len(first)], np.int32),
                features={"hidden_state": np.eye(len(BONDS), dtype=np.float32)[np.concatenate([bonds, bonds])]},
                adjacency=tfgnn.Adjacency.from_indices(
                    ("atoms", np.concatenate([first, second]).astype(np.int32)),
                    ("atoms", np.concatenate([second, first]).astype(np.int32)),
                ),
            )
        },
    )


def make_dataset(num: int, seed: int) -> tuple[tf.data.Dataset, tfgnn.GraphTensorSpec]:
    """Batches of (graphs, labels), parsed from serialized Examples, and the spec of a batch of graphs."""
    rng = np.random.default_rng(seed)
    graphs: list[tfgnn.GraphTensor] = []
    wanted = 0  # As many toxic molecules as others.
    while len(graphs) < num:
        graph = molecule(rng)
        if int(graph.context["toxic"][0]) == wanted:
            graphs.append(graph)
            wanted = 1 - wanted
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    examples = [tfgnn.write_example(graph).SerializeToString() for graph in graphs]

    def split_label(graph: tfgnn.GraphTensor) -> tuple[tfgnn.GraphTensor, tf.Tensor]:
        return graph.remove_features(context=["toxic"]), graph.context["toxic"]

    dataset = tf.data.Dataset.from_tensor_slices(examples)
    dataset = dataset.map(lambda serialized: tfgnn.parse_single_example(spec, serialized)).map(split_label)
    dataset = dataset.shuffle(num, seed=seed).batch(32)
    return dataset.prefetch(2), dataset.element_spec[0]


def make_model(spec: tfgnn.GraphTensorSpec, units: int = 32, rounds: int = 3) -> keras.Model:
    """Rounds of updates of bonds and atoms, then the mean of all atoms."""

    def dense() -> keras.layers.Layer:
        return keras.layers.Dense(units, activation="relu")

    inputs = tfgnn.keras.Input(spec)
    graph = inputs.merge_batch_to_components()
    for _ in range(rounds):
        graph = tfgnn.keras.layers.GraphUpdate(
            edge_sets={"bonds": tfgnn.keras.layers.EdgeSetUpdate(tfgnn.keras.layers.NextStateFromConcat(dense()))},
            node_sets={
                "atoms": tfgnn.keras.layers.NodeSetUpdate(
                    {"bonds": tfgnn.keras.layers.Pool(tfgnn.TARGET, "sum")},
                    tfgnn.keras.layers.NextStateFromConcat(dense()),
                )
            },
        )(graph)
    pooled = tfgnn.keras.layers.Pool(tfgnn.CONTEXT, "mean", node_set_name="atoms")(graph)
    return tfgnn.keras.Model(inputs, keras.layers.Dense(1)(pooled))


def main(num_train: int = 1000, epochs: int = 30, verbose: int = 2) -> dict[str, float]:
    """Trains, and returns the metrics on molecules that the model has not seen."""
    keras.utils.set_random_seed(1)
    train, spec = make_dataset(num_train, seed=1)
    test, _ = make_dataset(200, seed=2)
    model = make_model(spec)
    model.compile(
        keras.optimizers.Adam(2e-3),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[tfgnn.keras.metrics.LogitsAccuracy()],
    )
    model.fit(train, epochs=epochs, verbose=verbose)
    return model.evaluate(test, verbose=0, return_dict=True)


if __name__ == "__main__":
    print(main())
