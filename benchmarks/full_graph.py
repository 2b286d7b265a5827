"""What training on a whole graph of 100,000 nodes and 2 million edges costs, in time and in memory, beside tensorflow-gnn.

    python benchmarks/full_graph.py [--only TEXT] [--steps N] [--cpu-time] [--json]

One step is forward, backward and Adam of one graph update of 32 units. Each library runs each model in a process of its
own, one after the other, so that the peak of resident memory is its own; the median step counts. `ratio` is
tensorflow-gnn's time over gnnkit's; memory holds where gnnkit's peak is no higher. About 3 GB of memory are needed.
"""

import argparse
import functools
import json
import resource
import statistics
import subprocess
import sys
import time

import layers as benchmark
import numpy as np

NODES, EDGES, UNITS, HEADS = 100_000, 2_000_000, 32, 4
TARGET = 1.5
UPDATES = {
    "MtAlbis": ("mt_albis", "MtAlbisGraphUpdate", {"units": UNITS, "message_dim": UNITS}),
    "GATv2": ("gat_v2", "GATv2MPNNGraphUpdate", {"units": UNITS, "message_dim": UNITS, "num_heads": HEADS}),
    "GraphSAGE": ("graph_sage", "GraphSAGEGraphUpdate", {"units": UNITS, "hidden_units": UNITS}),
}


def run_side(name: str, library: str, steps: int, cpu_time: bool) -> None:
    """Prints the times of the steps in milliseconds and the peak of memory in MiB, as JSON."""
    benchmark.UNITS = UNITS
    rng = np.random.default_rng(0)
    ends = rng.integers(NODES, size=(2, EDGES), dtype=np.int32)
    graph = benchmark.gnnkit.homogeneous(*ends, node_features=np.zeros([NODES, 1], np.float32))
    libraries = {key: value for key, value in benchmark.LIBRARIES.items() if key == library}
    benchmark.LIBRARIES.clear()
    benchmark.LIBRARIES.update(libraries)
    one_update = functools.partial(benchmark.training_step, depth=1)
    step = benchmark.sides(one_update, *UPDATES[name], graph)[library]
    clock = time.process_time if cpu_time else time.perf_counter
    step()
    times = []
    for _ in range(steps):
        start = clock()
        step()
        times.append(1000 * (clock() - start))
    print(json.dumps({"ms": times, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def in_process(name: str, library: str, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, "--only", name, "--side", library, "--steps", str(arguments.steps)]
    command += ["--cpu-time"] if arguments.cpu_time else []
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(output.splitlines()[-1])
    return {"ms": statistics.median(result["ms"]), "peak_mib": result["peak_mib"]}


def compare(name: str, arguments: argparse.Namespace) -> dict[str, object]:
    sides = {library: in_process(name, library, arguments) for library in benchmark.LIBRARIES}
    own, *others = sides.values()
    row: dict[str, object] = {"name": name, "sides": sides, "target": TARGET}
    if others:
        ratio, memory = others[0]["ms"] / own["ms"], own["peak_mib"] / others[0]["peak_mib"]
        row |= {"ratio": ratio, "memory_ratio": memory, "ok": ratio >= TARGET and memory <= 1}
    return row


def show(row: dict) -> None:
    sides = ", ".join(f"{k} {v['ms']:.0f} ms, {v['peak_mib']:.0f} MiB" for k, v in row["sides"].items())
    verdict = f": {row['ratio']:.2f} times as fast, {row['memory_ratio']:.2f} of the memory" if "ratio" in row else ""
    print(f"{row['name']:12}{sides}{verdict}{'' if row.get('ok', True) else '  NO'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT", help="models whose name contains this")
    parser.add_argument("--steps", type=int, default=5, help="how many steps to time")
    parser.add_argument("--cpu-time", action="store_true", help="processor time, for a machine that others use as well")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = [name for name in UPDATES if arguments.only in name]
    if arguments.side:
        run_side(names[0], arguments.side, arguments.steps, arguments.cpu_time)
        return
    if not arguments.json:
        print(f"One step on {NODES} nodes and {EDGES} edges, {UNITS} units; target {TARGET}, and no more memory.")
    rows = []
    for name in names:
        rows.append(compare(name, arguments))
        if not arguments.json:
            show(rows[-1])
    if arguments.json:
        print(json.dumps({"nodes": NODES, "edges": EDGES, "units": UNITS, "cases": rows}))


if __name__ == "__main__":
    main()
