"""A graph of 10 million nodes and 200 million edges, built, saved, opened and sampled: times and peak memory, as JSON.

    python benchmarks/large_graph.py [--scale 0.05] [--folder DIR] [--limit-gib 12]

Papers that cite papers, with 32-wide float16 features and no ids; half of the edges go to popular papers (a square law).
Each step runs in a process of its own, so that its peak of resident memory is its own: `build` makes the tables, builds
and saves; `sample` opens the folder and samples 10 and 10 edges around random seeds, in batches of 512, as a `tf.data`
pipeline. Of memory-mapped files, the pages in use count as resident too; the system may take them back at any time.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

GIB = 2**30


def peak_gib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def now_gib():
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / GIB


def timed(call):
    start = time.perf_counter()
    result = call()
    return result, round(time.perf_counter() - start, 3)


def make_tables(nodes, edges):
    from gnnkit.samplers import EdgeTable, GraphTables, NodeTable

    rng = np.random.default_rng(0)
    embedding = np.empty((nodes, 32), np.float16)
    source, target = np.empty(edges, np.int32), np.empty(edges, np.int32)
    step = 1 << 20
    for begin in range(0, nodes, step):
        part = embedding[begin : begin + step]
        part[:] = rng.standard_normal(part.shape, np.float32)
    for begin in range(0, edges, step):
        count = min(step, edges - begin)
        source[begin : begin + count] = rng.integers(nodes, size=count)
        popular = rng.random(count) < 0.5
        uniform = rng.random(count)
        target[begin : begin + count] = np.where(popular, uniform**2, uniform) * nodes
    return GraphTables(
        node_sets={"paper": NodeTable(num_nodes=nodes, features={"embedding": embedding})},
        edge_sets={"cites": EdgeTable(source_set="paper", target_set="paper", source=source, target=target)},
    )


def build(args):
    from gnnkit.samplers import GraphStore

    tables, generate = timed(lambda: make_tables(args.nodes, args.edges))
    before = peak_gib()
    given = now_gib()
    store, build_s = timed(lambda: GraphStore.from_tables(tables))
    peak = peak_gib()
    _, save = timed(lambda: store.save(args.folder, overwrite=True))
    return {
        "generate_s": generate,
        "generate_peak_gib": round(before, 2),
        "tables_gib": round(given, 2),
        "build_s": build_s,
        "edges_per_s": round(args.edges / build_s),
        "build_peak_gib": round(peak, 2),
        "store_gib": round(store.nbytes / GIB, 2),
        "build_peak_over_store": round(peak / (store.nbytes / GIB), 2),
        "save_s": save,
        "peak_gib": round(peak_gib(), 2),
    }


def sample(args):
    import tensorflow as tf  # noqa: F401  What importing takes is not what is measured.

    import gnnkit.samplers._dataset  # noqa: F401
    from gnnkit import samplers

    start = now_gib()
    store, open_s = timed(lambda: samplers.GraphStore.open(args.folder))
    spec = samplers.make_sampling_spec_tree(store, "paper", sample_sizes=[10, 10])
    seeds = np.random.default_rng(1).integers(args.nodes, size=args.batches * 512)
    data = samplers.dataset(store, spec, seeds, batch_size=512)
    batches = iter(data)
    _, first = timed(lambda: next(batches))
    nodes, rest = timed(lambda: sum(int(graph.node_sets["paper"].total_size) for graph in batches))
    count = (args.batches - 1) * 512
    return {
        "open_s": open_s,
        "imports_gib": round(start, 2),
        "first_batch_s": first,
        "subgraphs_per_s": round(count / rest),
        "nodes_per_subgraph": round(nodes / count, 1),
        "peak_gib": round(peak_gib(), 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the 10 million nodes and 200 million edges")
    parser.add_argument("--folder", help="where the store is saved and left; by default a temporary folder")
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--limit-gib", type=float, default=12.0)
    parser.add_argument("--step", choices=["build", "sample"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.nodes, args.edges = round(10_000_000 * args.scale), round(200_000_000 * args.scale)
    if args.step:
        print(json.dumps({"build": build, "sample": sample}[args.step](args)))
        return
    scratch = None if args.folder else tempfile.mkdtemp(prefix="gnnkit-large-")
    folder = args.folder or os.path.join(scratch or "", "store")
    result = {"nodes": args.nodes, "edges": args.edges}
    try:
        for step in ("build", "sample"):
            command = [sys.executable, __file__, "--step", step, "--folder", folder, "--scale", str(args.scale)]
            command += ["--batches", str(args.batches)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            result[step] = json.loads(output.splitlines()[-1])
    finally:
        if scratch:
            shutil.rmtree(scratch)
    peak = max(result[step]["peak_gib"] for step in ("build", "sample"))
    result["ok"] = {
        "within_memory": peak <= args.limit_gib,
        "opens_within_1_s": result["sample"]["open_s"] < 1,
        "build_peak_below_2.5_stores": result["build"]["build_peak_over_store"] < 2.5,
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
