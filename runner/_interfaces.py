"""What a run is made of: providers of data, tasks, trainers, exporters, and its result."""

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from gnnkit.graph import GraphTensor, GraphTensorSpec

Field = Any
# What tasks give to `keras.Model.compile`: a loss or metric, and one or a structure of them; and what they predict.
Loss = Any
Losses = Any
Metric = Any
Metrics = Any
Predictions = Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunResult:
    """What `run` leaves behind.

    preprocess_model: a raw scalar graph to (graph, labels): feature processors, then the task. Not trained.
    base_model: what `model_fn` made, with its trained weights: graph to graph.
    trained_model: preprocessed graph to predictions: the base model and the heads of the tasks.
    raw_preprocess_model: like `preprocess_model`, with the features of auxiliary sets (`_readout` and so on) kept.
    gtspec: the type of one raw graph, as given to `run`.
    """

    preprocess_model: "keras.Model | None"
    base_model: "keras.Model"
    trained_model: "keras.Model"
    raw_preprocess_model: "keras.Model | None" = None
    gtspec: "GraphTensorSpec | None" = None


@runtime_checkable
class DatasetProvider(Protocol):
    """Makes datasets of unbatched elements: serialized tf.train.Examples (string `[]`) or scalar GraphTensors.

    A provider may have an attribute `cacheable`: True keeps its preprocessed batches in memory after the first epoch.
    It may have two more methods. `get_batched_dataset(context, batch_size)` gives scalar graphs of `batch_size`
    components each, and `run` then does not batch. `set_initial_epoch(epoch)` is called before either of them when
    training resumes, for providers whose order of examples differs from epoch to epoch; without it `run` makes the
    dataset skip the orders of the epochs that are done.
    """

    @abc.abstractmethod
    def get_dataset(self, context: "tf.distribute.InputContext") -> "tf.data.Dataset":
        """The share of the examples that belongs to the input pipeline of `context`."""


@runtime_checkable
class GraphTensorProcessorFn(Protocol):
    """A feature processor: a layer, model or function from GraphTensor to GraphTensor."""

    @abc.abstractmethod
    def __call__(self, inputs: "GraphTensor") -> "GraphTensor": ...


@runtime_checkable
class GraphTensorPadding(Protocol):
    """Says to which static sizes batches are padded."""

    @abc.abstractmethod
    def get_filter_fn(self, size_constraints: Any) -> Callable[..., bool]:
        """A function that tells whether a merged graph fits into the sizes; batches that do not are left out."""

    @abc.abstractmethod
    def get_size_constraints(self, target_batch_size: int) -> Any:
        """The `SizeConstraints` of batches of so many graphs."""


@runtime_checkable
class Task(Protocol):
    """What is learnt: labels, predictions, losses and metrics.

    Where batches are padded, losses and metrics get weights. A task may have a method `sample_weights(inputs,
    component_weights)` that makes them, in the structure of the labels, out of the preprocessed graph and the weights of
    its components, float32 `[C]`. Without it, row i of labels and predictions belongs to component i, or, for a task
    with an attribute `readout_node_set`, to node i of that set. An attribute `has_component_weights = True` says that
    `sample_weights` gives the weights of components as they are: layers that compare a whole batch then leave padding out.
    """

    @abc.abstractmethod
    def preprocess(
        self, inputs: "GraphTensor"
    ) -> "tuple[GraphTensor | Sequence[GraphTensor], Field | Mapping[str, Field]]":
        """The graph (or graphs) for the base model, and the labels. Takes and gives symbolic graphs."""

    @abc.abstractmethod
    def predict(self, *args: "GraphTensor") -> "Field | Mapping[str, Field]":
        """Predictions from the outputs of the base model, one for each graph of `preprocess`."""

    @abc.abstractmethod
    def losses(self) -> Losses:
        """As for `keras.Model.compile(loss=...)`, in the structure of the predictions."""

    @abc.abstractmethod
    def metrics(self) -> Metrics:
        """As for `keras.Model.compile(metrics=...)`."""


@runtime_checkable
class Trainer(Protocol):
    """Fits a compiled model."""

    @property
    @abc.abstractmethod
    def model_dir(self) -> str:
        """The folder that the trainer writes to."""

    @property
    @abc.abstractmethod
    def strategy(self) -> "tf.distribute.Strategy":
        """Where the model is trained."""

    @abc.abstractmethod
    def train(
        self,
        model_fn: "Callable[[], keras.Model]",
        train_ds_provider: DatasetProvider,
        *,
        epochs: int = 1,
        valid_ds_provider: DatasetProvider | None = None,
    ) -> "keras.Model":
        """Trains the compiled model that `model_fn` makes on batches that the providers give, and returns it."""


@runtime_checkable
class ModelExporter(Protocol):
    """Saves the result of a run."""

    @abc.abstractmethod
    def save(self, run_result: RunResult, export_dir: str) -> None:
        """Writes into the folder `export_dir`."""
