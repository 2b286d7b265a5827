"""Tasks that tell whether there is an edge between two nodes."""

import abc
from collections.abc import Sequence
from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import GraphTensor, check_scalar_graph_tensor
from gnnkit.keras.metrics import HitsAtK, LogitsAccuracy, MeanReciprocalRank
from gnnkit.runner._interfaces import Task
from gnnkit.runner.tasks._label_fns import ReadoutLabelFn
from gnnkit.runner.tasks._losses import REDUCTION
from gnnkit.runner.tasks._readouts import StructuredNodes

_SOURCE, _TARGET = "source", "target"


class _LinkPrediction(Task, abc.ABC):
    """Scores pairs of nodes, one for each readout node: `_readout/source` and `_readout/target` point from them to it."""

    def __init__(
        self,
        *,
        node_feature_name: str = HIDDEN_STATE,
        readout_label_feature_name: str = "label",
        readout_node_set_name: str = "_readout",
        num_candidates: int | None = None,
        hits_at: Sequence[int] = (1, 3, 10),
    ) -> None:
        if num_candidates is not None and num_candidates < 2:
            raise ValueError(f"num_candidates must be 2 or more, or None, but is {num_candidates}.")
        self._node_feature_name = node_feature_name
        self._readout_node_set_name = readout_node_set_name
        self._label_fn = ReadoutLabelFn(readout_label_feature_name, readout_node_set=readout_node_set_name)
        self._num_candidates = num_candidates
        self._hits_at = tuple(hits_at)

    def preprocess(self, inputs: GraphTensor) -> tuple[GraphTensor, Any]:
        """The graph and its labels, 0 or 1, `[R]`."""
        check_scalar_graph_tensor(inputs, type(self).__name__)
        return self._label_fn(inputs)

    def sample_weights(self, inputs: GraphTensor, component_weights: Any) -> Any:
        """The weights of labels, `[R]`, out of those of components, `[C]`: 0 for padding."""
        return self._end(_SOURCE).weights(inputs, component_weights)

    def predict(self, *args: GraphTensor) -> Any:
        """Logits of the pairs, `[R, 1]`."""
        (graph,) = args
        check_scalar_graph_tensor(graph, type(self).__name__)
        source, target = self._end(_SOURCE)(graph), self._end(_TARGET)(graph)
        if source.shape[1:] != target.shape[1:]:
            raise ValueError(
                f"{type(self).__name__} needs states of the same shape at both ends, but feature "
                f"{self._node_feature_name!r} has {list(source.shape[1:])} at the sources and {list(target.shape[1:])} at "
                "the targets."
            )
        return self._score(source, target)

    @abc.abstractmethod
    def _score(self, source: Any, target: Any) -> Any:
        """Logits `[R, 1]` of states `[R, F]`."""

    def losses(self) -> Any:
        """Binary cross entropy; with weights of examples, a weighted mean."""
        return keras.losses.BinaryCrossentropy(from_logits=True, reduction=REDUCTION)

    def metrics(self) -> list[Any]:
        """Accuracy and areas under curves; with `num_candidates`, ranking metrics besides."""
        metrics: list[Any] = [
            LogitsAccuracy(),
            keras.metrics.AUC(from_logits=True, name="auc_roc"),
            keras.metrics.AUC(curve="PR", from_logits=True, name="auc_pr"),
        ]
        if self._num_candidates is not None:
            metrics.append(MeanReciprocalRank(list_size=self._num_candidates))
            metrics += [HitsAtK(k, list_size=self._num_candidates) for k in self._hits_at]
        return metrics

    def _end(self, key: str) -> StructuredNodes:
        return StructuredNodes(key, self._node_feature_name, self._readout_node_set_name)


@final
class DotProductLinkPrediction(_LinkPrediction):
    """Scores a pair of nodes by the dot product of their states: nothing is trained besides the base model.

    node_feature_name: the state of nodes, `[V, F]`, with the same F at both ends.
    readout_label_feature_name: 0 or 1, of the readout node set.
    readout_node_set_name: the readout node set R; the edge sets `_readout/source` and `_readout/target` lead to it from
        the nodes. See `gnnkit.structured_readout`.
    num_candidates: where readout nodes are lists of so many candidates, one list after the other (say a true edge and its
        negatives), their ranking is measured: see `gnnkit.keras.metrics.MeanReciprocalRank`. Batches must hold whole lists.
    hits_at: the k of `gnnkit.keras.metrics.HitsAtK`.

    >>> task = DotProductLinkPrediction(num_candidates=5, hits_at=[1])
    >>> [metric.name for metric in task.metrics()]
    ['binary_accuracy', 'auc_roc', 'auc_pr', 'mrr', 'hits_at_1']
    """

    def _score(self, source: Any, target: Any) -> Any:
        return keras.ops.sum(keras.ops.multiply(source, target), axis=-1, keepdims=True)


@final
class HadamardProductLinkPrediction(_LinkPrediction):
    """Scores a pair of nodes by a linear layer `linkpred` on the product of their states, feature by feature.

    Arguments: see `DotProductLinkPrediction`.
    """

    def _score(self, source: Any, target: Any) -> Any:
        return keras.layers.Dense(1, name="linkpred")(keras.ops.multiply(source, target))
