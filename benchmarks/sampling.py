"""How many subgraphs a second the in-memory sampler makes of the generated academic graph. Prints JSON.

    python benchmarks/sampling.py [--papers 40000] [--batch-size 128] [--threads N]

Hops: 16 cited papers, 8 authors, 8 affiliations, 8 fields, with 128-wide paper features.
"""

import argparse
import importlib.util
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from gnnkit import samplers
from gnnkit.datasets import academic_graph


def make_spec(store):
    """seed -> 16 cited; of all of these 8 authors, whose 8 affiliations, and 8 fields."""
    builder = samplers.SamplingSpecBuilder(store)
    seed = builder.seed("paper")
    papers = seed.join([seed.sample(16, "cites")])
    papers.sample(8, "written_by").sample(8, "affiliated_with")
    papers.sample(8, "has_topic")
    return builder.build()


def timed(call):
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, default=40_000)
    parser.add_argument("--authors", type=int, default=50_000)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--batches", type=int, default=200)
    args = parser.parse_args()
    # Imports are not what is measured.
    for module in ("tensorflow", "pandas", "numba", "gnnkit.samplers._dataset"):
        if importlib.util.find_spec(module):
            importlib.import_module(module)
    tables, generate = timed(
        lambda: academic_graph(
            num_papers=args.papers,
            num_authors=args.authors,
            num_institutions=2000,
            num_fields=800,
            num_classes=8,
            feature_dim=128,
        )
    )
    store, build = timed(lambda: samplers.GraphStore.from_tables(tables))
    plan = samplers.compile_plan(store, make_spec(store))
    seeds = np.random.default_rng(0).integers(args.papers, size=args.batches * args.batch_size)
    _, compile_ = timed(lambda: samplers.sample_batch(store, plan, seeds[: args.batch_size]))

    def kernel():
        nodes = 0
        for part in np.split(seeds, args.batches):
            batch = samplers.sample_batch(store, plan, part)
            nodes += sum(int(sampled.sizes.sum()) for sampled in batch.node_sets.values())
        return nodes

    nodes, kernel_time = timed(kernel)
    features = {"paper": ["embedding"]}
    data, make = timed(
        lambda: samplers.dataset(
            store, plan, seeds, batch_size=args.batch_size, features=features, num_threads=args.threads
        )
    )
    batches = iter(data)
    _, first = timed(lambda: next(batches))
    count, pipeline = timed(lambda: sum(1 for _ in batches))
    print(
        json.dumps(
            {
                "nodes_per_subgraph": round(nodes / len(seeds), 1),
                "generate_s": round(generate, 2),
                "build_store_s": round(build, 2),
                "first_sample_s (compiles, unless cached)": round(compile_, 2),
                "make_dataset_s": round(make, 2),
                "first_batch_s": round(first, 2),
                "kernel_subgraphs_per_s": round(len(seeds) / kernel_time),
                "pipeline_subgraphs_per_s": round(count * args.batch_size / pipeline),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
