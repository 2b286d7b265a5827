"""A model with a layer of your own: trained, explained, saved in every way, and served where gnnkit is not installed.

python colabs/explain_and_save.py
"""

import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gnnkit as tfgnn
from gnnkit import runner
from gnnkit.keras import layers

# What a server runs: TensorFlow and nothing else.
SERVER = """
import sys
import numpy as np, tensorflow as tf
folder, examples, results = sys.argv[1:]
model = tf.saved_model.load(folder)
examples = tf.constant(np.load(examples, allow_pickle=True).tolist())
outputs = model.signatures["integrated_gradients"](examples=examples)
scores = model.signatures["serving_default"](examples=examples)
added = 0.0
for numbers, sizes in (("nodes/person.opinion", "nodes/person.#size"), ("edges/knows.strength", "edges/knows.#size")):
    of_example = np.repeat(np.arange(len(examples)), outputs[sizes])
    added += np.bincount(of_example, weights=outputs[numbers].numpy().sum(-1), minlength=len(examples))
np.savez(results, scores=scores["classification_logits"], added=added)
assert not any(name.split(".")[0] == "gnnkit" for name in sys.modules)
"""


@keras.saving.register_keras_serializable("explain_and_save")
class Swayed(layers.AnyToAnyConvolutionBase):
    """A convolution of one's own: messages in proportion to the strength of the tie.

    units: of the messages.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**{"sender_edge_feature": "strength", **kwargs})
        self.units = units
        self.message = keras.layers.Dense(units)

    def get_config(self) -> dict[str, Any]:
        """With the argument of this class."""
        return {**super().get_config(), "units": self.units}

    def convolve(
        self,
        *,
        sender_node_input: Any,
        sender_edge_input: Any,
        receiver_input: Any,
        broadcast_from_sender_node: Any,
        broadcast_from_receiver: Any,
        pool_to_receiver: Any,
        training: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Pools what the senders say."""
        del receiver_input, broadcast_from_receiver, training, kwargs
        said = broadcast_from_sender_node(self.message(sender_node_input)) * sender_edge_input
        return pool_to_receiver(said, reduce_type="sum")


def village(rng: np.random.Generator) -> tfgnn.GraphTensor:
    """People with opinions; the label tells whether the village as a whole is in favour, by those who are listened to."""
    people = int(rng.integers(3, 8))
    ties = 3 * people
    ends = rng.integers(people, size=[2, ties]).astype(np.int32)
    opinion = rng.normal(size=[people, 2]).astype(np.float32)
    strength = rng.random([ties, 1]).astype(np.float32)
    verdict = np.sum(opinion[ends[0], 0] * strength[:, 0]) > 0
    return tfgnn.GraphTensor.from_pieces(
        context=tfgnn.Context.from_fields(features={"label": [float(verdict)]}),
        node_sets={"person": tfgnn.NodeSet.from_fields(sizes=[people], features={"opinion": opinion})},
        edge_sets={
            "knows": tfgnn.EdgeSet.from_fields(
                sizes=[ties],
                features={"strength": strength},
                adjacency=tfgnn.Adjacency.from_indices(("person", ends[0]), ("person", ends[1])),
            )
        },
    )


def model_fn(spec: tfgnn.GraphTensorSpec) -> keras.Model:
    """One round of messages with the layer above."""
    graph = inputs = tfgnn.keras.Input(spec)
    graph = layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: {"hidden_state": node_set["opinion"]})(
        graph
    )
    update = layers.NodeSetUpdate(
        {"knows": Swayed(8, receiver_tag=tfgnn.TARGET)}, layers.NextStateFromConcat(keras.layers.Dense(8, "tanh"))
    )
    return tfgnn.keras.Model(inputs, layers.GraphUpdate(node_sets={"person": update})(graph))


def main(num_villages: int = 400, epochs: int = 12, verbose: Any = 2) -> dict[str, float]:
    """Returns the accuracy on new villages, and how far the saved models and their explanations are off."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    graphs = [village(rng) for _ in range(num_villages + 100)]
    examples = [tfgnn.write_example(graph).SerializeToString() for graph in graphs]
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    train, test = (
        runner.PassthruDatasetProvider(tf.data.Dataset.from_tensor_slices(part))
        for part in (examples[:num_villages], examples[num_villages:])
    )
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        result = runner.run(
            train_ds_provider=train,
            model_fn=model_fn,
            optimizer_fn=lambda: keras.optimizers.Adam(0.01),
            trainer=runner.KerasTrainer(model_dir=name, verbose=verbose, summarize_every_n_steps="never"),
            task=runner.GraphBinaryClassification("person", reduce_type="sum", label_fn=runner.ContextLabelFn("label")),
            gtspec=spec,
            global_batch_size=20,
            epochs=epochs,
            model_exporters=[runner.IntegratedGradientsExporter(random_counterfactual=False, steps=64)],
        )
        accuracy = runner.evaluate(result, test, global_batch_size=20)["binary_accuracy"]
        some = graphs[num_villages:][:20]
        served = _serve(folder, [graph.remove_features(context=["label"]) for graph in some])  # Nobody knows it yet.
        batch = tfgnn.parse_example(spec, examples[num_villages:][:20]).merge_batch_to_components()
        batch, _ = result.preprocess_model(batch)
        silent = batch.replace_features(
            node_sets={"person": {"opinion": tf.zeros_like(batch.node_sets["person"]["opinion"])}},
            edge_sets={"knows": {"strength": tf.zeros_like(batch.edge_sets["knows"]["strength"])}},
        )
        expected, nothing = (np.asarray(result.trained_model(graph))[:, 0] for graph in (batch, silent))
        return {
            "accuracy": accuracy,
            "served_off_by": float(np.abs(served["scores"][:, 0] - expected).max()),
            # The attributions of a village add up to what its features change.
            "completeness_error": float(
                np.abs(served["added"] - (expected - nothing)).sum() / np.abs(expected - nothing).sum()
            ),
            **{
                f"{way}_off_by": float(np.abs(np.asarray(model(batch))[:, 0] - expected).max())
                for way, model in _saved_and_loaded(folder, result)
            },
        }


def _serve(folder: pathlib.Path, graphs: list[tfgnn.GraphTensor]) -> Any:
    """Scores and sums of attributions, from another process."""
    examples = [tfgnn.write_example(graph).SerializeToString() for graph in graphs]
    np.save(folder / "examples.npy", np.array(examples, object), allow_pickle=True)
    command = [sys.executable, "-c", SERVER, folder / "export", folder / "examples.npy", folder / "results.npz"]
    subprocess.run([str(part) for part in command], check=True, cwd=folder)
    return np.load(folder / "results.npz")


def _saved_and_loaded(folder: pathlib.Path, result: runner.RunResult) -> Any:
    """The model, by each way of saving it."""
    model = result.trained_model
    model.save(folder / "model.keras")
    yield "keras_file", keras.models.load_model(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    again = keras.models.clone_model(model)
    again.load_weights(folder / "model.weights.h5")
    yield "weights", again


if __name__ == "__main__":
    print(main())
