"""What NumPy samples while the kernel is compiled is what the kernel samples."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gnnkit.samplers import EdgeTable, GraphStore, GraphTables, NodeSeeds, NodeTable, RaggedColumn, SamplingSpecBuilder
from gnnkit.samplers import _draw as kernels
from gnnkit.samplers import _draw_numpy as ours
from gnnkit.samplers import _sample as module
from gnnkit.samplers._plan import compile_plan
from gnnkit.samplers._sample import sample_batch


@pytest.fixture(scope="module")
def store():
    rng = np.random.default_rng(0)

    def edges(source_set, target_set, sizes, count):
        source, target = (rng.integers(size, size=count) for size in sizes)
        source[: count // 4] = 3  # A node with many edges, some of them parallel.
        return EdgeTable(source_set=source_set, target_set=target_set, source=source, target=target)

    ids = np.array([f"paper {i}".encode() for i in range(60)], object)
    return GraphStore.from_tables(
        GraphTables(
            node_sets={"paper": NodeTable(num_nodes=60, ids=ids), "author": NodeTable(num_nodes=30)},
            edge_sets={
                "cites": edges("paper", "paper", (60, 60), 900),
                "written_by": edges("paper", "author", (60, 30), 300),
                "writes": edges("author", "paper", (30, 60), 300),
            },
        )
    )


def spec(store):
    papers = SamplingSpecBuilder(store).seed("paper")
    cited = papers.sample(4, "cites", op_name="cited")
    again = cited.join([papers]).sample(40, "cites", op_name="again")
    authors = papers.join([cited, again]).sample(3, "written_by", op_name="authors")
    return authors.sample(2, "writes", op_name="others").build()


SEEDS = {
    "nodes": [3, 5, 3, 59],
    "groups": NodeSeeds(nodes=RaggedColumn(values=np.array([3, 8, 3, 7, 9]), row_splits=np.array([0, 3, 5]))),
    "none": [],
}


@pytest.mark.parametrize("options", [{}, {"parallel_edges": False}, {"joint": True}], ids=str)
@pytest.mark.parametrize("seeds", sorted(SEEDS))
def test_the_same_subgraphs(store, monkeypatch, options, seeds):
    plan = compile_plan(store, spec(store), **options)
    assert plan.quick

    def sample(ready):
        monkeypatch.setattr(module, "kernel_is_ready", lambda *_: ready)
        return sample_batch(store, plan, SEEDS[seeds], seed=-7)

    batch, expected = sample(False), sample(True)
    for name, nodes in expected.node_sets.items():
        np.testing.assert_array_equal(batch.node_sets[name].sizes, nodes.sizes)
        np.testing.assert_array_equal(batch.node_sets[name].rows, nodes.rows)
    for name, edges in expected.edge_sets.items():
        for field in ("sizes", "source", "target", "rows"):
            np.testing.assert_array_equal(getattr(batch.edge_sets[name], field), getattr(edges, field), err_msg=name)
    for roots, other in zip(batch.roots, expected.roots, strict=True):
        np.testing.assert_array_equal(roots, other)


def test_the_same_draws():
    rng = np.random.default_rng(1)
    keys = rng.integers(2**64, size=50, dtype=np.uint64)
    degrees = rng.integers(0, 90, size=50)
    out, table = np.empty(64, np.int64), np.full(128, -1, np.int64)
    for size in (1, 7, 40):
        counts, positions = ours.draw_uniform(keys, degrees, size)
        starts = np.cumsum(counts) - counts
        for i in range(50):
            count = kernels.draw_uniform(keys[i], degrees[i], size, out, table)
            assert positions[starts[i] : starts[i] + counts[i]].tolist() == out[:count].tolist()


PROGRAM = """
import sys, time
import numpy as np
from gnnkit.samplers import GraphStore, _compiling, _sample_numpy, dataset, make_sampling_spec_tree
from gnnkit.datasets import academic_graph
tables = academic_graph(num_papers=500, num_authors=500)
used = []
sample = _sample_numpy.sample_uniform
from gnnkit.samplers import _sample
_sample.sample_uniform = lambda *args: used.append(1) or sample(*args)
store = GraphStore.from_tables(tables)
graphs = iter(dataset(store, make_sampling_spec_tree(store, "paper", sample_sizes=[4, 4]), batch_size=50, repeat=None))
first, meanwhile = next(graphs), len(used)
for done in _compiling._jobs.values():
    done.wait()
later = [next(graphs) for _ in range(10)]  # Some of them were made before.
before = len(used)
later = [next(graphs) for _ in range(10)]
assert meanwhile and len(used) == before, (meanwhile, before, len(used))
np.testing.assert_array_equal(first.node_sets["paper"]["embedding"], later[-1].node_sets["paper"]["embedding"])
"""


@pytest.mark.slow
def test_the_first_batch_does_not_wait_for_the_compiler(tmp_path):
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", PROGRAM], env=env, check=True, timeout=200)
