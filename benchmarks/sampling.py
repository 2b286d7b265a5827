"""Subgraphs a second as a `tf.data` pipeline, and the time to the first batch, beside tensorflow-gnn and PyG. JSON.

    python benchmarks/sampling.py [--graph academic|hubs] [--rounds 7] [--batches 100] [--skip tfgnn]
                                  [--pyg-python /path/to/python]

academic: the generated academic graph; for each seed 16 cited papers, 8 authors of all of these and their 8
  affiliations, 8 fields; 128-wide features of papers, an int64 id for all other nodes; batches of 128 seeds.
hubs: papers that cite 8 papers each, one of them a hub with 100,000 citations of its own; two hops of 8.

tensorflow-gnn runs its fastest setting: `InMemUniformEdgesSampler` (vectorized), one a sampling operation under a name of
its own (tensorflow/gnn#827), `create_sampling_model_from_spec`, the model mapped over batched seeds. It needs the extra
`interop`. PyG runs in a Python of its own, if one is given that imports torch_geometric and pyg-lib or torch-sparse:
`NeighborLoader` with `disjoint=True`, which makes a subgraph a seed, as the others do; torch-sparse cannot do that, so that
there one graph for the seeds of a batch is compared with gnnkit's `joint=True`.

Each side has a process of its own that holds its pipeline. The processes take turns, a round of batches each, so that a
busy machine slows all of them, and are stopped in between; the medians of the rounds are compared. On hubs a batch of
tensorflow-gnn takes ten seconds and more, and so there are 2 rounds of 4 of them. The first batch is timed in fresh
processes, from the tables in memory to the first graph: for gnnkit with Numba's cache filled, as it is in all but the very
first run after an installation, and with an empty cache, where the first batches are sampled in NumPy while Numba compiles.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # What tensorflow-gnn needs; gnnkit does not mind.

import numpy as np

BATCH = 128


def make_arrays(graph, seed=0):
    """Plain arrays: node set -> features, edge set -> (source set, target set, source, target)."""
    if graph == "hubs":
        return _hubs(np.random.default_rng(seed))
    from gnnkit.datasets import academic_graph

    tables = academic_graph(num_papers=40_000, num_authors=50_000, num_institutions=2000, num_fields=800,
                            num_classes=8, feature_dim=128)  # fmt: skip
    nodes = {}
    for name, table in tables.node_sets.items():
        nodes[name] = {"id": np.arange(table.num_nodes)}
    nodes["paper"] = {"embedding": tables.node_sets["paper"].features["embedding"]}
    edges = {
        name: (table.source_set, table.target_set, table.source, table.target)
        for name, table in tables.edge_sets.items()
        if name != "writes"
    }
    return nodes, edges


def _hubs(rng, papers=200_000, hubs=20, degree=100_000):
    source = np.repeat(np.arange(papers), 8)
    target = rng.integers(papers, size=len(source))
    target[::8] = rng.integers(hubs, size=papers)
    source = np.concatenate([source[8 * hubs :], np.repeat(np.arange(hubs), degree)])
    target = np.concatenate([target[8 * hubs :], rng.integers(papers, size=hubs * degree)])
    nodes = {"paper": {"embedding": rng.standard_normal((papers, 128), np.float32)}}
    return nodes, {"cites": ("paper", "paper", source, target)}


# Operation, its inputs, edge set, sample size.
OPS = {
    "academic": [
        ("cited", ["seed"], "cites", 16),
        ("authors", ["seed", "cited"], "written_by", 8),
        ("affiliations", ["authors"], "affiliated_with", 8),
        ("fields", ["seed", "cited"], "has_topic", 8),
    ],
    "hubs": [("cited", ["seed"], "cites", 8), ("cited2", ["cited"], "cites", 8)],
}


def fill_spec(spec, graph, uniform):
    spec.seed_op.op_name, spec.seed_op.node_set_name = "seed", "paper"
    for name, inputs, edge_set, size in OPS[graph]:
        spec.sampling_ops.add(
            op_name=name, input_op_names=inputs, edge_set_name=edge_set, sample_size=size, strategy=uniform
        )
    return spec


def all_seeds(nodes):
    return np.random.default_rng(1).permutation(len(nodes["paper"]["embedding"]))


def gnnkit_pipeline(graph, nodes, edges, threads, joint=False):
    from gnnkit import samplers
    from gnnkit.schemas import sampling_spec_pb2

    tables = samplers.GraphTables(
        node_sets={
            name: samplers.NodeTable(num_nodes=len(next(iter(features.values()))), features=features)
            for name, features in nodes.items()
        },
        edge_sets={
            name: samplers.EdgeTable(source_set=s, target_set=t, source=source, target=target)
            for name, (s, t, source, target) in edges.items()
        },
    )

    def make():
        store = samplers.GraphStore.from_tables(tables)
        spec = fill_spec(sampling_spec_pb2.SamplingSpec(), graph, sampling_spec_pb2.RANDOM_UNIFORM)
        return iter(
            samplers.dataset(
                store,
                spec,
                all_seeds(nodes),
                batch_size=BATCH,
                repeat=None,
                resample=True,
                num_threads=threads,
                joint=joint,
            )
        )

    return make


def tfgnn_pipeline(graph, nodes, edges, threads):
    import tensorflow as tf
    import tensorflow_gnn as tfgnn
    from tensorflow_gnn.experimental import sampler

    schema = tfgnn.GraphSchema()
    for name, features in nodes.items():
        for feature, values in features.items():
            entry = schema.node_sets[name].features[feature]
            entry.dtype = tf.as_dtype(values.dtype).as_datatype_enum
            for size in values.shape[1:]:
                entry.shape.dim.add(size=size)
    for name, (source_set, target_set, _, _) in edges.items():
        schema.edge_sets[name].source, schema.edge_sets[name].target = source_set, target_set
    sizes = {name: len(next(iter(features.values()))) for name, features in nodes.items()}

    def make_sampler(op):
        source_set, _, source, target = edges[op.edge_set_name]
        return sampler.InMemUniformEdgesSampler(
            sizes[source_set],
            tf.constant(source, tf.int64),
            tf.constant(target, tf.int64),
            sample_size=op.sample_size,
            edge_set_name=op.edge_set_name,
            name=op.op_name,
        )

    def make_accessor(name):
        values = {feature: tf.constant(column) for feature, column in nodes[name].items()}
        return sampler.InMemIndexToFeaturesAccessor(values, name=f"features_{name}")

    def make():
        spec = fill_spec(tfgnn.sampler.SamplingSpec(), graph, tfgnn.sampler.SamplingStrategy.RANDOM_UNIFORM)
        model = sampler.create_sampling_model_from_spec(
            schema, spec, make_sampler, make_accessor, seed_node_dtype=tf.int64
        )
        data = tf.data.Dataset.from_tensor_slices(all_seeds(nodes)).repeat().batch(BATCH)

        def sample(seeds):
            return model(tf.RaggedTensor.from_row_lengths(seeds, tf.ones_like(seeds))).merge_batch_to_components()

        return iter(data.map(sample, num_parallel_calls=threads or tf.data.AUTOTUNE).prefetch(2))

    return make


def pyg_pipeline(graph, nodes, edges, threads):
    import torch
    from torch_geometric.data import HeteroData
    from torch_geometric.loader import NeighborLoader
    from torch_geometric.typing import WITH_PYG_LIB

    data = HeteroData()
    for name, features in nodes.items():
        data[name].x = torch.from_numpy(next(iter(features.values())))
        data[name].num_nodes = len(data[name].x)
    for name, (source_set, target_set, source, target) in edges.items():
        # PyG follows edges from their target to their source.
        key = (target_set, name, source_set)
        data[key].edge_index = torch.from_numpy(np.stack([target, source]))
    sizes = {
        "academic": {
            "cites": [16, 0, 0],
            "written_by": [8, 8, 0],
            "affiliated_with": [0, 8, 8],
            "has_topic": [8, 8, 0],
        },
        "hubs": {"cites": [8, 8]},
    }[graph]
    torch.set_num_threads(threads or os.cpu_count())

    def make():
        loader = NeighborLoader(
            data,
            num_neighbors={(t, name, s): sizes[name] for name, (s, t, _, _) in edges.items()},
            input_nodes=("paper", torch.from_numpy(all_seeds(nodes))),
            batch_size=BATCH,
            disjoint=WITH_PYG_LIB,
        )

        def endless():
            while True:
                yield from loader

        return endless()

    return make


SIDES = {"gnnkit": gnnkit_pipeline, "tfgnn": tfgnn_pipeline, "pyg": pyg_pipeline}


def count_nodes(batch):
    if hasattr(batch, "node_sets"):
        return sum(int(np.sum(piece.sizes)) for piece in batch.node_sets.values())
    return sum(store.num_nodes for store in batch.node_stores)


def serve(side, graph, arrays, threads, joint):
    """Makes the pipeline, says how long the first batch took, then times so many batches for each line of input."""
    if arrays:
        nodes, edges = np.load(arrays, allow_pickle=True)["arrays"].item().values()
    else:
        nodes, edges = make_arrays(graph)
    for module in {"gnnkit": ["tensorflow", "numba", "gnnkit.samplers._dataset"]}.get(side, []):
        __import__(module)  # Imports are not what is measured.
    make = SIDES[side](graph, nodes, edges, threads, **({"joint": True} if joint else {}))
    start, cpu = time.perf_counter(), time.process_time()
    batches = make()
    batch = next(batches)
    first = {"first_s": time.perf_counter() - start, "first_cpu_s": time.process_time() - cpu}
    if side == "pyg":
        from torch_geometric.typing import WITH_PYG_LIB

        joint = not WITH_PYG_LIB
    print(json.dumps({**first, "nodes": count_nodes(batch) / BATCH, "joint": joint}), flush=True)
    for line in sys.stdin:
        warm, count = map(int, line.split())
        for _ in range(warm):  # Those that were made while the other sides ran.
            next(batches)
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            next(batches)
        print(json.dumps({"s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}), flush=True)
    for thread in threading.enumerate():
        if thread.name == "gnnkit-compile":
            thread.join()  # So that the next process finds the kernel in the cache.
    os._exit(0)  # Pipelines of the others without an end may wait for the interpreter, and it for them.


class Process:
    def __init__(self, side, args, arrays=None, env=None, python=sys.executable, joint=False):
        command = [python, __file__, "--side", side, "--graph", args.graph]
        command += ["--arrays", arrays] if arrays else []
        command += ["--threads", str(args.threads)] if args.threads else []
        command += ["--joint"] if joint else []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         env={**os.environ, **(env or {})})  # fmt: skip
        self.first = self._read()
        self._process.send_signal(signal.SIGSTOP)

    def _read(self):
        line = self._process.stdout.readline()
        while line and not line.startswith("{"):
            line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self._process.args)} has failed.")
        return json.loads(line)

    def run(self, warm, count):
        """A round. Between its rounds the process is stopped, so that batches made ahead take no time from the others."""
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(f"{warm} {count}\n")
        self._process.stdin.flush()
        took = self._read()
        self._process.send_signal(signal.SIGSTOP)
        return took

    def close(self):
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.close()
        self._process.wait()


def seconds(firsts):
    """Medians, of the wall and of the processor."""
    return {
        "wall": round(statistics.median(first["first_s"] for first in firsts), 3),
        "cpu": round(statistics.median(first["first_cpu_s"] for first in firsts), 3),
    }


def first_batches(side, args, rounds, env=None):
    firsts = []
    for _ in range(rounds):
        process = Process(side, args, env=env)
        firsts.append(process.first)
        process.close()
    return firsts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", choices=sorted(OPS), default="academic")
    parser.add_argument("--rounds", type=int, help="7 (academic) or 2 (hubs)")
    parser.add_argument("--batches", type=int, default=100, help="in a round of gnnkit and PyG")
    parser.add_argument("--tfgnn-batches", type=int, help="in a round of tensorflow-gnn; 10 (academic) or 4 (hubs)")
    parser.add_argument(
        "--cold", type=int, default=2, help="first batches that are timed with an empty cache, 1 or more"
    )
    parser.add_argument("--threads", type=int, help="all cores by default")
    parser.add_argument("--skip", choices=["tfgnn"], action="append", default=[])
    parser.add_argument("--pyg-python", help="a Python that imports torch_geometric")
    parser.add_argument("--side", choices=sorted(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--arrays", help=argparse.SUPPRESS)
    parser.add_argument("--joint", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        return serve(args.side, args.graph, args.arrays, args.threads, args.joint)

    result = {"graph": args.graph, "batch_size": BATCH, "cores": os.cpu_count(), "first_batch_s": {}}
    first = result["first_batch_s"]
    with tempfile.TemporaryDirectory() as folder:
        cold = []
        for i in range(args.cold):
            env = {"NUMBA_CACHE_DIR": f"{folder}/cache{i}"}
            cold += first_batches("gnnkit", args, 1, env)
        first["gnnkit, empty Numba cache"] = seconds(cold)
        first["gnnkit"] = seconds(first_batches("gnnkit", args, 3, {"NUMBA_CACHE_DIR": f"{folder}/cache0"}))
        processes = {"gnnkit": Process("gnnkit", args)}
        counts = {"gnnkit": args.batches}
        if "tfgnn" not in args.skip:
            processes["tfgnn"] = Process("tfgnn", args)
            counts["tfgnn"] = args.tfgnn_batches or {"academic": 10, "hubs": 4}[args.graph]
            first["tfgnn"] = seconds([processes["tfgnn"].first])
        if args.pyg_python:
            arrays = f"{folder}/arrays.npz"
            nodes, edges = make_arrays(args.graph)
            np.savez(arrays, arrays=np.array({"nodes": nodes, "edges": edges}, object))
            processes["pyg"] = Process("pyg", args, arrays=arrays, python=args.pyg_python)
            counts["pyg"] = args.batches
            if processes["pyg"].first["joint"]:
                processes["gnnkit, joint"] = Process("gnnkit", args, joint=True)
                counts["gnnkit, joint"] = args.batches
        rates = {side: [] for side in processes}
        cpu = {side: [] for side in processes}
        for _ in range(args.rounds or {"academic": 7, "hubs": 2}[args.graph]):
            for side, process in processes.items():
                # Batches that were made while the others ran do not count: prefetched ones and those on the way.
                took = process.run(1 if side == "tfgnn" and args.graph == "hubs" else 6, counts[side])
                rates[side].append(counts[side] * BATCH / took["s"])
                cpu[side].append(1e6 * took["cpu_s"] / (counts[side] * BATCH))
        result["nodes_per_subgraph"] = {side: round(p.first["nodes"], 1) for side, p in processes.items()}
        for process in processes.values():
            process.close()
    result["subgraphs_per_s"] = {side: round(statistics.median(values)) for side, values in rates.items()}
    result["cpu_us_per_subgraph"] = {side: round(statistics.median(values), 1) for side, values in cpu.items()}
    peer = {"tfgnn": "gnnkit", "pyg": "gnnkit, joint" if "gnnkit, joint" in processes else "gnnkit"}
    peer = {side: own for side, own in peer.items() if side in processes}
    rate, taken = result["subgraphs_per_s"], result["cpu_us_per_subgraph"]
    result["times_as_fast_as"] = {side: round(rate[own] / rate[side], 2) for side, own in peer.items()}  # By the wall.
    result["times_less_cpu_than"] = {side: round(taken[side] / taken[own], 2) for side, own in peer.items()}
    targets = {"tfgnn": 10 if args.graph == "academic" else 100, "pyg": 2}
    result["ok"] = {
        **{
            f"{targets[side]} times {side}": ratio >= targets[side]
            for side, ratio in result["times_as_fast_as"].items()
        },
        "first batch within 1 s": first["gnnkit"]["wall"] < 1,
        "first batch within 1 s, empty Numba cache": first["gnnkit, empty Numba cache"]["wall"] < 1,
    }
    if "pyg" not in processes:
        result["pyg"] = "not measured: give --pyg-python, a Python with torch_geometric and pyg-lib or torch-sparse"
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
