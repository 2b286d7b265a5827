"""What one graph costs in eager mode: making it, replacing a feature, parsing a batch of examples.

Medians of gnnkit and tensorflow-gnn, taken in turns in one process. `--json` prints one JSON object.

    python benchmarks/data_model.py [--json] [--repeats N]
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tensorflow-gnn needs it; gnnkit's `import keras` is Keras 3 all the same.

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

import gnnkit

try:
    import tensorflow_gnn as tfgnn
except ImportError:  # Measure gnnkit alone.
    tfgnn = None

NODES = tf.reshape(tf.range(16.0), [4, 4])
SOURCE, TARGET = tf.constant([0, 1, 2, 3]), tf.constant([1, 2, 3, 0])
SIZES = tf.constant([4])


def make_graph(library: Any) -> Any:
    """4 nodes, 4 edges, one feature on each."""
    return library.GraphTensor.from_pieces(
        node_sets={"a": library.NodeSet.from_fields(sizes=SIZES, features={"x": NODES})},
        edge_sets={
            "e": library.EdgeSet.from_fields(
                sizes=SIZES,
                features={"w": NODES[:, 0]},
                adjacency=library.Adjacency.from_indices(("a", SOURCE), ("a", TARGET)),
            )
        },
    )


def cases(library: Any) -> dict[str, Callable[[], Any]]:
    """Question -> what to time."""
    graph = make_graph(library)
    example = library.write_example(graph).SerializeToString()
    spec = library.create_graph_spec_from_schema_pb(library.create_schema_pb_from_graph_spec(graph))
    batch = tf.constant([example] * 256)
    parse = tf.function(lambda x: library.parse_example(spec, x).merge_batch_to_components())
    return {
        "from_pieces": lambda: make_graph(library),
        "replace_features": lambda: graph.replace_features(node_sets={"a": {"x": NODES}}),
        "write_example": lambda: library.write_example(graph),
        "parse_and_merge_256": lambda: parse(batch),
    }


def measure(repeats: int) -> dict[str, dict[str, float]]:
    """Medians in milliseconds by question and library, with the ratio."""
    libraries = {"gnnkit": gnnkit, **({"tensorflow_gnn": tfgnn} if tfgnn else {})}
    runs = {name: cases(library) for name, library in libraries.items()}
    results: dict[str, dict[str, float]] = {}
    for case in runs["gnnkit"]:
        times: dict[str, list[float]] = {name: [] for name in runs}
        for i in range(repeats + 5):
            for name, run in runs.items():
                start = time.perf_counter()
                run[case]()
                if i >= 5:  # The first ones trace and fill caches.
                    times[name].append(1000 * (time.perf_counter() - start))
        results[case] = {f"{name}_ms": statistics.median(t) for name, t in times.items()}
        if "tensorflow_gnn_ms" in results[case]:
            results[case]["ratio"] = results[case]["tensorflow_gnn_ms"] / results[case]["gnnkit_ms"]
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--repeats", type=int, default=200)
    arguments = parser.parse_args()
    results = measure(arguments.repeats)
    if arguments.json:
        print(json.dumps(results))
        return
    for case, row in results.items():
        print(f"{case:22}" + "".join(f"{name.removesuffix('_ms'):>16} {value:9.3f}" for name, value in row.items()))


if __name__ == "__main__":
    main()
