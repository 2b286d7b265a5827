"""What one training step costs, beside PyTorch Geometric's layer of the same name.

    python benchmarks/pyg.py [--only TEXT] [--seconds S] [--cpu-time] [--json]

Forward, backward and Adam of a Dense and two convolutions of 128 units, on 5000 nodes and 20,000 edges; medians; the
libraries take turns in one process. `ratio` is PyG's time over gnnkit's; there is no target. PyG must be installed:
`pip install torch torch_geometric --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple`;
without it, only gnnkit's times are shown.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # Else torch's idle threads take processor time from both sides.

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import layers as benchmark
import numpy as np
import tensorflow as tf
from _compare import Case, report

import gnnkit
from gnnkit import models

NODES, EDGES, UNITS, HEADS, RELATIONS = 5000, 20_000, benchmark.UNITS, benchmark.HEADS, 4
HAS_PYG = all(map(importlib.util.find_spec, ("torch", "torch_geometric")))


def _gnnkit_layer(name: str) -> Any:
    if name == "GATv2Conv":
        return models.gat_v2.GATv2HomGraphUpdate(
            num_heads=HEADS, per_head_channels=UNITS // HEADS, receiver_tag=gnnkit.TARGET, activation=None
        )
    if name == "SAGEConv":
        return models.graph_sage.GraphSAGEGraphUpdate(
            units=UNITS, receiver_tag=gnnkit.TARGET, use_pooling=False, l2_normalize=False, activation=None
        )
    if name == "GCNConv":
        return models.gcn.GCNHomGraphUpdate(units=UNITS, add_self_loops=True, activation=None)
    conv = models.rgcn.RGCNConv(UNITS, num_relations=RELATIONS, receiver_tag=gnnkit.TARGET, activation=None)
    layers = gnnkit.keras.layers
    update = layers.NodeSetUpdate({"edges": conv}, layers.SingleInputNextState())
    return layers.GraphUpdate(node_sets={"nodes": update})


def _pyg_layer(name: str) -> Any:
    from torch_geometric import nn

    if name == "GATv2Conv":
        return nn.GATv2Conv(UNITS, UNITS // HEADS, heads=HEADS, add_self_loops=False)
    if name == "RGCNConv":
        return nn.RGCNConv(UNITS, UNITS, num_relations=RELATIONS)
    return getattr(nn, name)(UNITS, UNITS)


def _pyg_step(name: str, states: Any, ends: Any, relations: Any) -> Callable[[], Any]:
    import torch

    x, edge_index, edge_type = (
        torch.from_numpy(states),
        torch.from_numpy(ends).long(),
        torch.from_numpy(relations).long(),
    )
    layers = torch.nn.ModuleList([torch.nn.Linear(UNITS, UNITS), _pyg_layer(name), _pyg_layer(name)])
    optimizer = torch.optim.Adam(layers.parameters())
    inputs = (edge_index, edge_type) if name == "RGCNConv" else (edge_index,)

    def step() -> float:
        optimizer.zero_grad()
        h = layers[0](x)
        for layer in layers[1:]:
            h = layer(h, *inputs)
        loss = (h**2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def cases(only: str) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    ends = rng.integers(NODES, size=(2, EDGES), dtype=np.int32)
    states = rng.standard_normal((NODES, UNITS), np.float32)
    relations = rng.integers(RELATIONS, size=EDGES, dtype=np.int32)
    graph = gnnkit.homogeneous(*ends, node_features=tf.constant(states), edge_features={"relation": relations})
    for name in ("GATv2Conv", "SAGEConv", "GCNConv", "RGCNConv"):
        if only not in name:
            continue
        step = benchmark.training_step(gnnkit, keras, lambda library, name=name: _gnnkit_layer(name), graph)
        sides = {"gnnkit": step}
        if HAS_PYG:
            sides["PyG"] = _pyg_step(name, states, ends, relations)
        yield Case(f"One step, {NODES} nodes, {EDGES} edges", name, None, sides)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT", help="layers whose name contains this")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to measure each case, at least")
    parser.add_argument("--cpu-time", action="store_true", help="processor time, for a machine that others use as well")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    if not HAS_PYG:
        print("PyG is not installed, so there is nothing to compare with: see --help for how to.", file=sys.stderr)
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    report(cases(arguments.only), clock=clock, seconds=arguments.seconds, as_json=arguments.json)


if __name__ == "__main__":
    main()
