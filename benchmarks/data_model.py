"""What graphs, the operations on them and their parsing cost, beside tensorflow-gnn and plain `tf.math`.

    python benchmarks/data_model.py [--only TEXT] [--seconds S] [--cpu-time] [--json]

Medians; the libraries take turns in one process. `ratio` is the time of the fastest other library over gnnkit's. Eager
graphs are small: there the time goes into Python, not into arithmetic, which is the same for all.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tensorflow-gnn needs it; gnnkit's `import keras` is Keras 3 all the same.

import argparse
import functools
import importlib.util
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from _compare import Case, report
from _operations import OPERATIONS, Op, make_again, make_graph, replace_features

import gnnkit
from gnnkit import samplers
from gnnkit.datasets import academic_graph

LIBRARIES: dict[str, Any] = {"gnnkit": gnnkit}
if importlib.util.find_spec("tensorflow_gnn"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        LIBRARIES["tensorflow-gnn"] = importlib.import_module("tensorflow_gnn")


def eager() -> Iterator[Case]:
    """The demanded 5 times are about Python's share, so about small graphs."""
    for nodes, edges, width in ((4, 4, 4), (200, 800, 32)):
        graphs = {n: make_graph(lib, nodes=nodes, edges=edges, width=width) for n, lib in LIBRARIES.items()}
        batches = {n: next(iter(tf.data.Dataset.from_tensors(g).repeat(8).batch(8))) for n, g in graphs.items()}
        timed: list[tuple[str, Op, dict[str, Any]]] = [
            ("create from pieces", make_again, graphs),
            ("replace_features", replace_features, graphs),
            ("merge_batch_to_components, 8 graphs", lambda lib, batch: batch.merge_batch_to_components(), batches),
            *((name, op, graphs) for name, op in OPERATIONS.items()),
        ]
        for name, op, inputs in timed:
            yield Case(
                f"Eager: {nodes} nodes, {edges} edges x {width} features",
                name,
                5,
                {n: functools.partial(op, lib, inputs[n]) for n, lib in LIBRARIES.items()},
            )


def in_function() -> Iterator[Case]:
    nodes, edges, width, components = 4000, 20_000, 64, 20
    graphs = {
        n: make_graph(lib, nodes=nodes, edges=edges, width=width, components=components) for n, lib in LIBRARIES.items()
    }
    for name, op in OPERATIONS.items():
        for gradient in (False, True):
            if gradient and name == "node_degree":
                continue
            yield Case(
                f"tf.function: {nodes} nodes, {edges} edges x {width} features, {components} components",
                name + " + gradient" * gradient,
                1,
                {n: _compiled(op, lib, graphs[n], gradient) for n, lib in LIBRARIES.items()},
            )


def _compiled(op: Op, library: Any, graph: Any, gradient: bool) -> Callable[[], Any]:
    """`op` in a function that does not know the numbers of items, as in models."""
    tensors = tf.nest.flatten(graph, expand_composites=True)
    relaxed = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)

    @tf.function(autograph=False)
    def run() -> Any:
        inputs = [tf.compat.v1.placeholder_with_default(t, [None, *t.shape[1:]]) for t in tensors]
        floats = [x for x in inputs if x.dtype.is_floating]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if gradient:
                tape.watch(floats)
            result = op(library, tf.nest.pack_sequence_as(relaxed, inputs, expand_composites=True))
        if not gradient:
            return result
        # Summed up, as whatever computed the features needs them: TensorFlow's gradient of a gather leaves that to others.
        return result, [tf.convert_to_tensor(g) for g in tape.gradient(result, floats) if g is not None]

    return run


def large_pools() -> Iterator[Case]:
    edges, nodes, width = 1_000_000, 100_000, 64
    rng = np.random.default_rng(0)
    index = rng.integers(nodes, size=edges, dtype=np.int32)
    values = tf.constant(rng.standard_normal((edges, width), np.float32))
    upstream = tf.constant(rng.standard_normal((nodes, width), np.float32))
    for (order, target), kind, gradient in itertools.product(
        {"unsorted": index, "sorted": np.sort(index)}.items(), ("sum", "mean", "max"), (False, True)
    ):
        target = tf.constant(target)
        sides = {n: _graph_pool(lib, kind, target, nodes) for n, lib in LIBRARIES.items()}
        sides["tf.math"] = functools.partial(_plain_pool, kind, target, nodes)
        yield Case(
            f"Pooling {edges} edges x {width} features to {nodes} nodes, in tf.function",
            f"{kind}, {order} targets" + ", with gradient" * gradient,
            1,
            {n: _pooled(pool, values, upstream, gradient) for n, pool in sides.items()},
        )


def _graph_pool(library: Any, kind: str, target: tf.Tensor, nodes: int) -> Callable[[Any], Any]:
    graph = library.GraphTensor.from_pieces(
        node_sets={"a": library.NodeSet.from_fields(sizes=[nodes])},
        edge_sets={
            "e": library.EdgeSet.from_fields(
                sizes=target.shape, adjacency=library.Adjacency.from_indices(("a", target), ("a", target))
            )
        },
    )
    return lambda values: library.pool_edges_to_node(graph, "e", library.TARGET, kind, feature_value=values)


def _plain_pool(kind: str, target: tf.Tensor, nodes: int, values: tf.Tensor) -> tf.Tensor:
    return getattr(tf.math, f"unsorted_segment_{kind}")(values, target, nodes)


def _pooled(pool: Callable[[Any], Any], values: tf.Tensor, upstream: tf.Tensor, gradient: bool) -> Callable[[], Any]:
    @tf.function(autograph=False)
    def run(values: tf.Tensor, upstream: tf.Tensor) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if gradient:
                tape.watch(values)
            result = pool(values)
        return (result, tape.gradient(result, values, upstream)) if gradient else result

    return lambda: run(values, upstream)


def parsing() -> Iterator[Case]:
    """Unlike tensorflow-gnn, gnnkit also checks indices and, where strings are read, their lengths."""
    store = samplers.GraphStore.from_tables(academic_graph())
    spec = samplers.make_sampling_spec_tree(store, "paper", sample_sizes=[8, 4])
    numbers = {"paper": ["embedding", "label", "year"], "author": ["first_year"]}
    for what, features, validate, merge in (
        ("numbers", numbers, True, False),
        ("numbers, and merge", numbers, True, True),
        ("numbers, some ragged", numbers, True, False),
        ("numbers, some ragged, and merge", numbers, True, True),
        ("and strings", None, True, False),
        ("and strings, validate=False", None, False, False),
    ):
        graphs = list(samplers.dataset(store, spec, np.arange(128), features=features))
        graphs = [_with_ragged(graph) for graph in graphs] if "ragged" in what else graphs
        serialized = tf.constant([gnnkit.write_example(graph).SerializeToString() for graph in graphs])
        schema = gnnkit.create_schema_pb_from_graph_spec(graphs[0].spec.relax(num_nodes=True, num_edges=True))
        sides = {
            n: _parsed(lib, lib.create_graph_spec_from_schema_pb(lib.parse_schema(str(schema))), validate, merge)
            for n, lib in LIBRARIES.items()
        }
        yield Case(
            "parse_example of 128 sampled subgraphs, in tf.function",
            what,
            1,
            {n: functools.partial(parse, serialized) for n, parse in sides.items()},
        )


def _with_ragged(graph: Any) -> Any:
    """Each author's first year 0 to 4 times, each embedding in 1 to 3 rows of 8."""
    paper, author = (graph.node_sets[name].get_features_dict() for name in ("paper", "author"))
    author["first_year"] = _repeated(author["first_year"], author["first_year"] % 5)
    paper["embedding"] = _repeated(paper["embedding"][:, :8], 1 + paper["year"] % 3)
    return graph.replace_features(node_sets={"paper": paper, "author": author})


def _repeated(values: tf.Tensor, times: tf.Tensor) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_row_lengths(tf.repeat(values, times, axis=0), times)


def _parsed(library: Any, spec: Any, validate: bool, merge: bool) -> Callable[[tf.Tensor], Any]:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def run(serialized: tf.Tensor) -> Any:
        graph = library.parse_example(spec, serialized, validate=validate)
        graph = graph.merge_batch_to_components() if merge else graph
        return tf.nest.flatten(graph, expand_composites=True)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose group or name contains this")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to measure each case, at least")
    parser.add_argument(
        "--cpu-time", action="store_true", help="processor time of all threads, for when other programs keep it busy"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    cases = itertools.chain(eager(), in_function(), large_pools(), parsing())
    chosen = (case for case in cases if arguments.only in f"{case.group}: {case.name}")
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    report(chosen, clock=clock, seconds=arguments.seconds, as_json=arguments.json)


if __name__ == "__main__":
    main()
