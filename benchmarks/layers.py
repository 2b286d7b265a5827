"""What one training step of the models costs, beside tensorflow-gnn.

    python benchmarks/layers.py [--only TEXT] [--seconds S] [--cpu-time] [--json]

Forward, backward and Adam of two graph updates of 128 units, in tf.function for any size of graph; medians; the libraries
take turns in one process. `ratio` is tensorflow-gnn's time over gnnkit's.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tensorflow-gnn needs it; gnnkit's `import keras` is Keras 3 all the same.

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from _compare import Case, report

import gnnkit
from gnnkit import samplers
from gnnkit.datasets import academic_graph

LIBRARIES: dict[str, tuple[Any, Any]] = {"gnnkit": (gnnkit, keras)}
if importlib.util.find_spec("tensorflow_gnn"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        LIBRARIES["tensorflow-gnn"] = (importlib.import_module("tensorflow_gnn"), importlib.import_module("tf_keras"))

UNITS, HEADS, ROOTS = 128, 4, 128
MPNN = {"units": UNITS, "message_dim": UNITS}
UPDATES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "VanillaMPNN": ("vanilla_mpnn", "VanillaMPNNGraphUpdate", MPNN),
    "MtAlbis": ("mt_albis", "MtAlbisGraphUpdate", MPNN),
    "MtAlbis, residual, sender only": (
        "mt_albis",
        "MtAlbisGraphUpdate",
        {**MPNN, "next_state_type": "residual", "simple_conv_use_receiver_state": False},
    ),
    "GATv2": ("gat_v2", "GATv2MPNNGraphUpdate", {**MPNN, "num_heads": HEADS}),
    "MultiHeadAttention": ("multi_head_attention", "MultiHeadAttentionMPNNGraphUpdate", {**MPNN, "num_heads": HEADS}),
    "HGT": ("hgt", "HGTGraphUpdate", {"num_heads": HEADS, "per_head_channels": UNITS // HEADS, "dropout_rate": 0.0}),
    "GraphSAGE": ("graph_sage", "GraphSAGEGraphUpdate", {"units": UNITS, "hidden_units": UNITS}),
}


def sampled() -> Any:
    """Subgraphs of 128 papers, three hops deep, with about 20,000 edges."""
    store = samplers.GraphStore.from_tables(academic_graph(num_papers=40_000, num_authors=50_000))
    spec = samplers.make_sampling_spec_tree(store, "paper", sample_sizes=[8, 2, 2])
    return next(iter(samplers.dataset(store, spec, np.arange(ROOTS)).batch(ROOTS))).merge_batch_to_components()


def dense() -> Any:
    """4 edges a node."""
    rng = np.random.default_rng(0)
    ends = rng.integers(5000, size=(2, 20_000), dtype=np.int32)
    return gnnkit.homogeneous(*ends, node_features=tf.zeros([5000, 1]))


def with_states(library: Any, graph: Any) -> Any:
    """The nodes and edges of the graph, with random numbers as states."""
    rng = np.random.default_rng(0)

    def node_set(piece: Any) -> Any:
        states = rng.standard_normal((int(piece.total_size), UNITS), np.float32)
        return library.NodeSet.from_fields(sizes=piece.sizes, features={"hidden_state": tf.constant(states)})

    def edge_set(piece: Any) -> Any:
        ends = piece.adjacency
        adjacency = library.Adjacency.from_indices((ends.source_name, ends.source), (ends.target_name, ends.target))
        return library.EdgeSet.from_fields(sizes=piece.sizes, adjacency=adjacency)

    return library.GraphTensor.from_pieces(
        node_sets={k: node_set(v) for k, v in graph.node_sets.items() if not k.startswith("_")},
        edge_sets={k: edge_set(v) for k, v in graph.edge_sets.items() if not k.startswith("_")},
    )


def training_step(
    library: Any, keras_library: Any, make: Callable[[Any], Any], graph: Any, depth: int = 2
) -> Callable[[], Any]:
    """One step on the first node set; input states have weights before them, so that all gradients are wanted."""
    root_set = sorted(graph.node_sets)[-1]
    first = {name: keras_library.layers.Dense(UNITS) for name in graph.node_sets}
    updates = [make(library) for _ in range(depth)]
    optimizer = keras_library.optimizers.Adam()
    tensors = tf.nest.flatten(graph, expand_composites=True)
    specs = [tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in tensors]
    relaxed = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)

    def loss(graph: Any) -> Any:
        states = {k: {"hidden_state": first[k](v["hidden_state"])} for k, v in graph.node_sets.items()}
        graph = graph.replace_features(node_sets=states)
        for update in updates:
            graph = update(graph)
        return tf.reduce_mean(graph.node_sets[root_set]["hidden_state"] ** 2)

    loss(graph)
    layers = [*first.values(), *updates]
    weights = [w for layer in layers for w in layer.trainable_variables]
    variables = [w.value if isinstance(w, keras.Variable) else w for w in weights]
    optimizer.build(weights)

    @tf.function(input_signature=specs, autograph=False)
    def step(*tensors: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(tf.nest.pack_sequence_as(relaxed, tensors, expand_composites=True))
        gradients = tape.gradient(value, variables)
        optimizer.apply_gradients([(g, w) for g, w in zip(gradients, weights, strict=True) if g is not None])
        return value

    return lambda: step(*tensors)


def rooted_step(library: Any, keras_library: Any, make: Callable[..., Any], graph: Any) -> Callable[[], Any]:
    """One step that reads the first nodes alone; gnnkit's model is trimmed to them, which is part of each step."""
    root_set = sorted(graph.node_sets)[-1]
    tensors = tf.nest.flatten(graph, expand_composites=True)
    specs = [tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in tensors]
    relaxed = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)
    layers = library.keras.layers

    def first(node_set: Any, *, node_set_name: str) -> Any:
        return keras_library.layers.Dense(UNITS)(node_set["hidden_state"])

    inputs = library.keras.Input(relaxed) if library is gnnkit else keras_library.Input(type_spec=relaxed)
    hidden = layers.MapFeatures(node_sets_fn=first)(inputs)
    for update in (make(library, 1), make(library, 2)):
        hidden = update(hidden)
    outputs = layers.ReadoutFirstNode(node_set_name=root_set)(hidden)
    if library is gnnkit:
        model = gnnkit.keras.trim_to_roots(gnnkit.keras.Model(inputs, outputs))
    else:
        model = keras_library.Model(inputs, outputs)
    optimizer = keras_library.optimizers.Adam()
    weights = model.trainable_variables
    variables = [w.value if isinstance(w, keras.Variable) else w for w in weights]
    optimizer.build(weights)

    @tf.function(input_signature=specs, autograph=False)
    def step(*tensors: Any) -> Any:
        with tf.GradientTape() as tape:
            graph = tf.nest.pack_sequence_as(relaxed, tensors, expand_composites=True)
            value = tf.reduce_mean(model(graph) ** 2)
        gradients = tape.gradient(value, variables)
        optimizer.apply_gradients([(g, w) for g, w in zip(gradients, weights, strict=True) if g is not None])
        return value

    return lambda: step(*tensors)


def cases(only: str) -> Iterator[Case]:
    graphs = {"sampled from the academic graph": (sampled, 1.0), "4 edges a node": (dense, 2.0)}
    for what, (make_graph, target) in graphs.items():
        graph = make_graph()
        nodes, edges = (sum(int(p.total_size) for p in s.values()) for s in (graph.node_sets, graph.edge_sets))
        group = f"One step, {what}: {nodes} nodes, {edges} edges"
        for name, update in UPDATES.items():
            if only in f"{group}: {name}":
                yield Case(group, name, target, sides(training_step, *update, graph))
        if make_graph is not sampled:
            continue
        for name, update in UPDATES.items():
            if only in f"{group}, trimmed: {name}":
                yield Case(f"{group}, trimmed", name, 4.0, sides(rooted_step, *update, graph))


def sides(
    step: Callable[..., Any], package: str, function: str, arguments: dict[str, Any], graph: Any
) -> dict[str, Callable[[], Any]]:
    def make(library: Any, number: int = 1) -> Any:
        module = importlib.import_module(f"{library.__name__}.models.{package}")
        # Layers of one functional model must differ in name.
        name = {"name": f"update_{number}"} if package == "graph_sage" else {}
        return getattr(module, function)(receiver_tag=library.SOURCE, **name, **arguments)

    return {n: step(lib, k, make, with_states(lib, graph)) for n, (lib, k) in LIBRARIES.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose group or name contains this")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to measure each case, at least")
    parser.add_argument("--cpu-time", action="store_true", help="processor time, for a machine that others use as well")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    report(cases(arguments.only), clock=clock, seconds=arguments.seconds, as_json=arguments.json)


if __name__ == "__main__":
    main()
