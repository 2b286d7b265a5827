"""A provider of subgraphs that are sampled while they are used."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack, final

import tensorflow as tf

from gnnkit.graph import GraphTensorSpec
from gnnkit.runner._interfaces import DatasetProvider

if TYPE_CHECKING:
    from gnnkit.samplers import GraphStore, Negatives
    from gnnkit.samplers._layout import Features
    from gnnkit.samplers._plan import PlanOptions


@final
class SampledDatasetProvider(DatasetProvider):
    """Gives subgraphs around seeds, sampled from a `GraphStore` in threads that run ahead of the trainer.

    Each input pipeline takes its share of the seeds, and merged batches are sampled at once (`run` need not merge them).
    A run that was stopped goes on with the order and the samples of its epoch.

    store, spec, seeds and all other arguments: see `gnnkit.samplers.dataset`.
    shuffle: a new order of the seeds in each epoch; resample: new subgraphs in each epoch. For training both are
        wanted, for validation neither.

    ValueError: what does not fit.

    >>> from gnnkit.datasets import academic_graph
    >>> from gnnkit.samplers import GraphStore, make_sampling_spec_tree
    >>> store = GraphStore.from_tables(academic_graph(num_papers=100, num_authors=100))
    >>> spec = make_sampling_spec_tree(store, "paper", sample_sizes=[4, 4])
    >>> how = {"features": {"paper": ["embedding"]}, "readout_features": ["label"]}
    >>> train = SampledDatasetProvider(store, spec, range(80), shuffle=True, resample=True, **how)
    >>> valid = SampledDatasetProvider(store, spec, range(80, 100), **how)
    >>> graph = next(iter(valid.get_batched_dataset(tf.distribute.InputContext(), 20)))
    >>> int(graph.num_components), graph.node_sets["_readout"]["label"].shape.as_list()
    (20, [20])

    Then `run(train_ds_provider=train, valid_ds_provider=valid, gtspec=train.gtspec, ...)`.
    """

    def __init__(
        self,
        store: "GraphStore",
        spec: Any,
        seeds: Any = None,
        *,
        shuffle: bool = False,
        resample: bool = False,
        seed: int = 0,
        features: "Features" = None,
        readout: bool = False,
        readout_features: Sequence[str] = (),
        negatives: "Negatives | None" = None,
        num_threads: int | None = None,
        prefetch: int = 2,
        indices_dtype: Any = "int32",
        **options: "Unpack[PlanOptions]",
    ) -> None:
        self._place = (store, spec, seeds)
        self._graphs: dict[str, Any] = {
            "features": features,
            "readout": readout,
            "readout_features": readout_features,
            "negatives": negatives,
            "indices_dtype": indices_dtype,
            **options,
        }
        self._reading: dict[str, Any] = {
            "shuffle": shuffle,
            "resample": resample,
            "seed": seed,
            "num_threads": num_threads,
            "prefetch": prefetch,
        }
        self._initial_epoch = 0
        self._gtspec: GraphTensorSpec | None = None

    @property
    def gtspec(self) -> GraphTensorSpec:
        """The type of one subgraph, for `run(gtspec=...)`. Raises ValueError for what does not fit."""
        if self._gtspec is None:
            from gnnkit.samplers import graph_tensor_spec

            self._gtspec = graph_tensor_spec(*self._place, **self._graphs)
        return self._gtspec

    def set_initial_epoch(self, epoch: int) -> None:
        """Makes datasets begin with the order and the samples of `epoch`."""
        self._initial_epoch = epoch

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """Scalar graphs of one component: the share of `context` in the seeds."""
        return self._dataset(context, None)

    def get_batched_dataset(self, context: tf.distribute.InputContext, batch_size: int) -> tf.data.Dataset:
        """Scalar graphs of up to `batch_size` seeds, as components or, with `joint`, as one."""
        return self._dataset(context, batch_size)

    def _dataset(self, context: tf.distribute.InputContext, batch_size: int | None) -> tf.data.Dataset:
        from gnnkit.samplers import dataset

        return dataset(
            *self._place,
            batch_size=batch_size,
            start_epoch=self._initial_epoch,
            input_context=context,
            **self._graphs,
            **self._reading,
        )
