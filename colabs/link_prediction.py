"""Two jobs on one graph in memory, each with its data provider: classes of papers, and who cites whom.

Papers are described by a truncated SVD of the citations, beside their own features. Links are scored by the dot product of
the states of their ends, against pairs that no edge joins. The citations that are asked about, in training and in the test,
are in neither the graph nor the SVD, which would tell the answer.

    python colabs/link_prediction.py
"""

import dataclasses
import tempfile
from typing import Any

import keras
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import tensorflow as tf
from google.protobuf import text_format

import gnnkit as tfgnn
from gnnkit import runner
from gnnkit.datasets import academic_graph
from gnnkit.models import vanilla_mpnn
from gnnkit.samplers import (
    GraphStore,
    LinkSeeds,
    Negatives,
    NodeSeeds,
    compile_plan,
    dataset,
    graph_tensor_spec,
)
from gnnkit.schemas import SamplingSpec

NUM_CLASSES = 6
NUM_NEGATIVES = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Citations:
    """A graph in memory, split.

    store: the papers, with `embedding` `[32]`, `svd` `[S]` and `label`, and the known citations, in both directions.
    train_papers, test_papers: rows of papers. train_links, test_links: `[2, N]`, rows of the citing and the cited paper.
    """

    store: GraphStore
    train_papers: np.ndarray
    test_papers: np.ndarray
    train_links: np.ndarray
    test_links: np.ndarray

    @classmethod
    def generate(cls, num_papers: int, num_test_links: int, svd_size: int) -> "Citations":
        """The papers and citations of the generated academic graph."""
        tables = academic_graph(num_papers=num_papers, num_authors=num_papers)
        papers, cites = tables.node_sets["paper"], tables.edge_sets["cites"]
        links = np.random.default_rng(1).permutation(np.stack([cites.source, cites.target]), axis=1)
        test_links, train_links, known = np.split(links, [num_test_links, links.shape[1] // 3], axis=1)
        matrix = scipy.sparse.csr_array((np.ones(known.shape[1]), known), shape=(num_papers, num_papers))
        left, values, right = scipy.sparse.linalg.svds(matrix, k=svd_size, rng=np.random.default_rng(2))
        svd = np.concatenate([left, right.T], 1) * np.sqrt(np.tile(values, 2)) * np.sqrt(num_papers)
        features = {name: papers.features[name] for name in ("embedding", "label")} | {"svd": svd.astype(np.float32)}
        store = GraphStore.from_scipy(
            {("paper", "cites", "paper"): matrix, ("paper", "cited_by", "paper"): matrix.T},
            node_features={"paper": features},
        )
        order = np.random.default_rng(3).permutation(num_papers)
        return cls(
            store=store,
            train_papers=order[num_papers // 4 :],
            test_papers=order[: num_papers // 4],
            train_links=train_links,
            test_links=test_links,
        )


def two_hops(seed_op: str) -> SamplingSpec:
    """Up to 8 papers cited by the seeds and 8 that cite them, then 4 and 4 around each of those."""
    ops = [
        f"""sampling_ops {{ op_name: "{edge_set}_{hop}" edge_set_name: "{edge_set}" strategy: RANDOM_UNIFORM
                           sample_size: {size} input_op_names: {start} }}"""
        for hop, size, start in ((1, 8, ["seed"]), (2, 4, ["cites_1", "cited_by_1"]))
        for edge_set in ("cites", "cited_by")
    ]
    return text_format.Parse("\n".join([seed_op, *ops]), SamplingSpec())


class Sampled(runner.DatasetProvider):
    """Subgraphs of two hops around papers or links; those of training are sampled anew in each epoch."""

    def __init__(self, store: GraphStore, seeds: NodeSeeds | LinkSeeds, *, train: bool) -> None:
        links = isinstance(seeds, LinkSeeds)
        self.store, self.seeds, self.train = store, seeds, train
        if links:
            self.plan = compile_plan(store, two_hops('symmetric_link_seed_op { op_name: "seed" }'), link="cites")
        else:
            self.plan = compile_plan(store, two_hops('seed_op { op_name: "seed" node_set_name: "paper" }'))
        self.options: dict[str, Any] = {"features": {"paper": ["embedding", "svd"]}}
        # A link is followed by pairs that no edge joins; the answer about a paper moves to where the task looks for it.
        self.options |= {"negatives": Negatives(count=NUM_NEGATIVES)} if links else {"readout_features": ["label"]}

    def spec(self) -> tfgnn.GraphTensorSpec:
        """Of one subgraph."""
        return graph_tensor_spec(self.store, self.plan, self.seeds, **self.options)

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """Single subgraphs."""
        return self._dataset(input_context=context)

    def get_batched_dataset(self, context: tf.distribute.InputContext, batch_size: int) -> tf.data.Dataset:
        """Batches, merged by the sampler."""
        return self._dataset(input_context=context, batch_size=batch_size)

    def _dataset(self, **kwargs: Any) -> tf.data.Dataset:
        shuffled = {"shuffle": self.train, "resample": self.train}
        return dataset(self.store, self.plan, self.seeds, **shuffled, **self.options, **kwargs)


def model_fn(spec: tfgnn.GraphTensorSpec) -> keras.Model:
    """Two rounds of messages, along citations and back."""

    def first_states(node_set: Any, *, node_set_name: str) -> Any:
        del node_set_name
        features = keras.layers.Concatenate()([node_set["embedding"], node_set["svd"]])
        return keras.layers.Dense(64, activation="relu")(features)

    graph = inputs = tfgnn.keras.Input(spec)
    graph = tfgnn.keras.layers.MapFeatures(node_sets_fn=first_states)(graph)
    for _ in range(2):
        graph = vanilla_mpnn.VanillaMPNNGraphUpdate(
            units=64, message_dim=64, receiver_tag=tfgnn.SOURCE, reduce_type="mean", node_set_names=["paper"]
        )(graph)
    # States of any sign: a dot product of what comes out of a ReLU could never say no.
    graph = tfgnn.keras.layers.MapFeatures(
        node_sets_fn=lambda node_set, node_set_name: keras.layers.Dense(32)(node_set["hidden_state"])
    )(graph)
    return tfgnn.keras.Model(inputs, graph)


def train_and_test(task: runner.Task, train: Sampled, test: Sampled, batch_size: int, epochs: int, verbose: Any) -> Any:
    """The metrics of a task on seeds that it was not trained on."""
    keras.utils.set_random_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        result = runner.run(
            train_ds_provider=train,
            model_fn=model_fn,
            optimizer_fn=lambda: keras.optimizers.Adam(2e-3),
            trainer=runner.KerasTrainer(model_dir=folder, verbose=verbose, summarize_every_n_steps="never"),
            task=task,
            gtspec=train.spec(),
            global_batch_size=batch_size,
            epochs=epochs,
            model_exporters=[],
        )
    return runner.evaluate(result, test, global_batch_size=batch_size)


def main(num_papers: int = 1500, epochs: int = 8, verbose: Any = 2) -> dict[str, dict[str, float]]:
    """Trains a model for each job, and returns their metrics on papers and links that were not trained on."""
    graph = Citations.generate(num_papers=num_papers, num_test_links=num_papers // 5, svd_size=16)

    def papers(rows: np.ndarray, train: bool) -> Sampled:
        return Sampled(graph.store, NodeSeeds(nodes=rows), train=train)

    def links(ends: np.ndarray, train: bool) -> Sampled:
        seeds = LinkSeeds(source=ends[0], target=ends[1], edge_set="cites", reversed_edge_sets=["cited_by"])
        return Sampled(graph.store, seeds, train=train)

    return {
        "classes": train_and_test(
            runner.NodeMulticlassClassification(num_classes=NUM_CLASSES, label_feature_name="label"),
            papers(graph.train_papers, train=True),
            papers(graph.test_papers, train=False),
            batch_size=64,
            epochs=epochs,
            verbose=verbose,
        ),
        "links": train_and_test(
            # A list of candidates is a link and its negatives; batches hold whole lists.
            runner.DotProductLinkPrediction(num_candidates=1 + NUM_NEGATIVES, hits_at=[1, 3]),
            links(graph.train_links, train=True),
            links(graph.test_links, train=False),
            batch_size=64 * (1 + NUM_NEGATIVES),
            epochs=epochs,
            verbose=verbose,
        ),
    }


if __name__ == "__main__":
    for job, metrics in main().items():
        print(job, metrics)
