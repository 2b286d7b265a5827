"""Small graphs of papers whose label is in the sum of their neighbours, and a model for them."""

import contextlib
import socket

import keras
import numpy as np
import pytest

import gnnkit


def _graph(rng: np.random.Generator) -> gnnkit.GraphTensor:
    n = int(rng.integers(3, 7))
    x = rng.normal(size=(n, 4)).astype(np.float32)
    label = int(x[1:, 0].sum() > 0)
    return gnnkit.GraphTensor.from_pieces(
        context=gnnkit.Context.from_fields(features={"label": np.array([label], np.int64)}),
        node_sets={
            "paper": gnnkit.NodeSet.from_fields(
                sizes=np.array([n], np.int32), features={"x": x, "label": np.full([n], label, np.int64)}
            )
        },
        edge_sets={
            "cites": gnnkit.EdgeSet.from_fields(
                sizes=np.array([n - 1], np.int32),
                features={"weight": rng.uniform(0.5, 1.5, size=[n - 1, 1]).astype(np.float32)},
                adjacency=gnnkit.Adjacency.from_indices(
                    ("paper", np.arange(1, n, dtype=np.int32)), ("paper", np.zeros(n - 1, np.int32))
                ),
            )
        },
    )


def _model(spec: gnnkit.GraphTensorSpec, units: int = 8) -> keras.Model:
    graph = gnnkit.keras.Input(spec)
    x = keras.layers.Dense(units, "tanh")(graph.node_sets["paper"]["x"])
    sent = gnnkit.broadcast_node_to_edges(graph, "cites", gnnkit.SOURCE, feature_value=x)
    sent = keras.layers.Multiply()([sent, graph.edge_sets["cites"]["weight"]])
    pooled = gnnkit.pool_edges_to_node(graph, "cites", gnnkit.TARGET, "sum", feature_value=sent)
    state = keras.layers.Dense(units, "relu")(keras.layers.Concatenate()([x, pooled]))
    state = keras.layers.Dropout(0.1)(state)
    return gnnkit.keras.Model(graph, graph.replace_features(node_sets={"paper": {"hidden_state": state}}))


@pytest.fixture(scope="session")
def graphs() -> list[gnnkit.GraphTensor]:
    rng = np.random.default_rng(5)
    return [_graph(rng) for _ in range(48)]


@pytest.fixture(scope="session")
def gtspec(graphs) -> gnnkit.GraphTensorSpec:
    return graphs[0].spec.relax(num_nodes=True, num_edges=True)


@pytest.fixture(scope="session")
def examples(graphs) -> list[bytes]:
    return [gnnkit.write_example(graph).SerializeToString() for graph in graphs]


@pytest.fixture(scope="session")
def model_fn():
    return _model


@pytest.fixture
def free_ports():
    """Two ports of this machine that nobody uses."""

    def find():
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
            for each in sockets:
                each.bind(("localhost", 0))
            return [each.getsockname()[1] for each in sockets]

    return find
