"""The graph around nodes whose predictions are explained, with the rows of all its nodes in the tables."""

import dataclasses
from typing import Any, final

import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor, get_aux_type_prefix
from gnnkit.runner._interfaces import RunResult
from gnnkit.runner.pipeline._prepare import Prepared

_ROW = "#row"


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ExplainedGraph:
    """encoded: scalar, with the encoded features. rows: node set -> int64 `[V]`, rows of its nodes in the tables."""

    encoded: GraphTensor
    rows: dict[str, np.ndarray]


def explained_graph(data: Prepared, result: RunResult, rows: np.ndarray) -> ExplainedGraph:
    """The subgraphs around nodes, a component each, or one graph with those nodes to read out.

    rows: int64 `[N]` of what the task is about.
    """
    provider = data.provider(rows, numbered=_ROW)
    graph = next(iter(provider.get_batched_dataset(tf.distribute.InputContext(), len(rows))))
    places = {name: piece[_ROW].numpy() for name, piece in graph.node_sets.items() if get_aux_type_prefix(name) is None}
    preprocess: Any = result.preprocess_model
    encoded, _ = preprocess(graph.remove_features(node_sets={name: [_ROW] for name in places}))
    # Contrastive tasks add corruptions behind the graph itself.
    return ExplainedGraph(encoded=encoded if isinstance(encoded, GraphTensor) else encoded[0], rows=places)
