"""Sampled subgraphs as a `keras.utils.PyDataset`, for backends other than TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack, final

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor
from gnnkit.ops import SizeConstraints, pad_to_total_sizes
from gnnkit.samplers._elements import Elements
from gnnkit.samplers._layout import READOUT, Features
from gnnkit.samplers._order import epoch_order
from gnnkit.samplers._plan import PlanOptions
from gnnkit.samplers._seeds import Negatives
from gnnkit.samplers._source import resolve_request
from gnnkit.samplers._store import GraphStore

_AT_ONCE = 1024  # Seeds that are sampled together where only sizes are wanted.


@final
class PyDataset(keras.utils.PyDataset):
    """Batches of sampled subgraphs of NumPy arrays, by number; `fit` of a Keras model on JAX takes it.

    Batch `i` is the same for any number of workers, and holds what batch `i` of `samplers.dataset` holds.

    batch_size: seeds in a batch.
    label: the feature of `_readout` that is the label: batches are then tuples (graph, labels), and with `pad` (graph,
      labels, weights), where the weights of fake rows are 0. None: batches are graphs.
    transform: graph to graph, called before padding, with NumPy arrays as fields; for what the model takes.
    pad: bring all batches to the same sizes, as JAX wants: `SizeConstraints`, or True for sizes that hold any batch of the
      seeds (all are sampled once to find out). Fake items are in components of their own, behind the real ones.
    start_epoch: the first epoch. `on_epoch_end`, which `fit` calls, goes on to the next.
    workers, use_multiprocessing, max_queue_size: of `keras.utils.PyDataset`. Sampling holds no GIL: threads will do.
    Other arguments: see `dataset`.

    Raises ValueError for what does not fit, such as `pad=True` with `resample` or `joint`, where sizes are not known.

    >>> from gnnkit.datasets import academic_graph
    >>> from gnnkit.samplers import GraphStore, make_sampling_spec_tree
    >>> store = GraphStore.from_tables(academic_graph(num_papers=100, num_authors=100))
    >>> spec = make_sampling_spec_tree(store, "paper", sample_sizes=[4])
    >>> batches = PyDataset(store, spec, batch_size=32, features={"paper": ["embedding"]}, label="label", pad=True)
    >>> graph, labels, weights = batches[0]
    >>> len(batches), labels.shape, int(weights.sum()), graph.node_sets["paper"].sizes.shape
    (4, (32,), 32, (33,))
    >>> graph.spec == batches[3][0].spec
    True
    """

    def __init__(
        self,
        store: GraphStore,
        spec: Any,
        seeds: Any = None,
        *,
        batch_size: int,
        label: str | None = None,
        transform: Callable[[GraphTensor], GraphTensor] | None = None,
        pad: bool | SizeConstraints = False,
        drop_remainder: bool = False,
        shuffle: bool = False,
        seed: int = 0,
        resample: bool = False,
        start_epoch: int = 0,
        features: Features = None,
        readout: bool = False,
        readout_features: Sequence[str] = (),
        negatives: Negatives | None = None,
        indices_dtype: Any = "int32",
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
        **options: Unpack[PlanOptions],
    ) -> None:
        super().__init__(workers=workers, use_multiprocessing=use_multiprocessing, max_queue_size=max_queue_size)
        if batch_size < 1:
            raise ValueError(f"batch_size={batch_size}: expected 1 or more.")
        seed_features = getattr(seeds, "features", {})
        if label is not None and label not in readout_features and label not in seed_features:
            of_negatives = negatives is not None and negatives.label == label
            readout_features = readout_features if of_negatives else [*readout_features, label]

        def elements(features: Features, readout_features: Sequence[str]) -> Elements:
            request = resolve_request(
                store,
                spec,
                seeds,
                with_seeds=True,
                batch_size=batch_size,
                drop_remainder=drop_remainder,
                negatives=negatives,
                features=features,
                readout=readout,
                readout_features=readout_features,
                options=options,
            )
            if pad is True and (resample or request.plan.joint):
                what = "resample=True" if resample else "joint=True"
                raise ValueError(
                    f"PyDataset: pad=True measures the subgraphs of all seeds, but with {what} other ones may come. "
                    "Give sizes: pad=SizeConstraints(...)."
                )
            return Elements(store, request, seed=seed, resample=resample, dtype=tf.as_dtype(indices_dtype))

        self._elements = elements(features, readout_features)
        self._batch_size, self._drop_remainder = batch_size, drop_remainder
        self._label, self._transform = label, transform
        self._shuffle, self._seed, self._epoch = shuffle, seed, start_epoch
        if self._elements.spec.node_sets_spec.get(READOUT) is None and label is not None:
            raise ValueError(
                f"PyDataset: label={label!r} needs a node set {READOUT!r}, which these graphs do not have."
            )
        bare = elements({}, readout_features) if pad is True else self._elements
        self.size_constraints = _sizes_of_any_batch(bare, batch_size) if pad is True else pad or None
        self._order = self._order_of_epoch()

    def __len__(self) -> int:
        count = len(self._elements)
        return count // self._batch_size if self._drop_remainder else -(-count // self._batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"Batch {index} of {len(self)}.")
        epoch, order = self._order
        graph = self._elements(order[index * self._batch_size : (index + 1) * self._batch_size], np.int64(epoch))
        graph = graph._map(lambda field: field if isinstance(field, tf.RaggedTensor) else field.numpy())
        real = int(np.sum(graph.node_sets[READOUT].sizes)) if READOUT in graph.node_sets else 0
        if self._transform is not None:
            graph = self._transform(graph)
        if self.size_constraints is not None:
            graph, _ = pad_to_total_sizes(graph, self.size_constraints)
        if self._label is None:
            return graph
        features = graph.node_sets[READOUT].get_features_dict()
        labels = features.pop(self._label)
        graph = graph.replace_features(node_sets={READOUT: features})
        if self.size_constraints is None:
            return graph, labels
        return graph, labels, (np.arange(len(labels)) < real).astype(np.float32)

    def on_epoch_end(self) -> None:
        """Goes on to the next epoch: another order, other subgraphs, as far as that was asked for."""
        self._epoch += 1
        self._order = self._order_of_epoch()

    def _order_of_epoch(self) -> tuple[int, np.ndarray]:
        order = epoch_order(
            len(self._elements), shuffle=self._shuffle, seed=self._seed, epoch=self._epoch, shard=(0, 1)
        )
        return self._epoch, order


def _sizes_of_any_batch(elements: Elements, batch_size: int) -> SizeConstraints:
    """Sizes of the largest subgraphs, set by set, as if all came in one batch; and one fake node for fake edges."""
    sizes: dict[tuple[str, str], list[np.ndarray]] = {}
    for start in range(0, len(elements), _AT_ONCE):
        positions = np.arange(start, min(start + _AT_ONCE, len(elements)))
        graph = elements(positions, np.int64(0))
        for kind, pieces in (("nodes", graph.node_sets), ("edges", graph.edge_sets)):
            for name, piece in pieces.items():
                sizes.setdefault((kind, name), []).append(np.asarray(piece.sizes))
    totals: dict[str, dict[str, int]] = {"nodes": {}, "edges": {}}
    for (kind, name), parts in sizes.items():
        largest = np.sort(np.concatenate(parts))[::-1][:batch_size]
        totals[kind][name] = int(largest.sum()) + (kind == "nodes" and name != READOUT)
    return SizeConstraints(batch_size + 1, totals["nodes"], totals["edges"])
