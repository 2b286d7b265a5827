"""Rules between the sections of a config that can be checked without data."""

from collections.abc import Iterator
from pathlib import Path

from gnnkit.runner.config._attribution_checks import attribution_problems
from gnnkit.runner.config._data import DatasetData, ExamplesData, ProviderData, StoreData, TableData
from gnnkit.runner.config._errors import Problem, nearest, unknown
from gnnkit.runner.config._features import DropFeature, IdEmbeddingFeature
from gnnkit.runner.config._run import RunConfig
from gnnkit.runner.config._sampling import SEED, Hop, HopSampling, SpecSampling, WholeGraph
from gnnkit.runner.config._source import KeyPath
from gnnkit.runner.config._split import FeatureSplit, RandomSplit
from gnnkit.runner.config._task import EdgeTask, GraphTask, LinkPrediction
from gnnkit.runner.config._task_checks import no_task as no_task
from gnnkit.runner.config._task_checks import task_problems


def static_problems(config: RunConfig) -> list[Problem]:
    """All that is wrong between sections, without looking at the data."""
    problems = [*_files(config), *task_problems(config)]
    if not config.labelled_tasks:
        return problems
    return [
        *problems,
        *_split(config),
        *_sampling(config),
        *_features(config),
        *_model(config),
        *attribution_problems(config),
    ]


def _files(config: RunConfig) -> Iterator[Problem]:
    if isinstance(config.data, (TableData, ExamplesData, ProviderData)):
        yield from _exists(config.data.schema_file, ("data", "schema"), folder=False)
    if isinstance(config.data, StoreData):
        yield from _exists(config.data.store, ("data", "store"), folder=True)
    elif isinstance(config.data, ExamplesData):
        if not config.data.files():
            yield from _exists(config.data.examples, ("data", "examples"), folder=False)
    elif isinstance(config.data, (TableData, DatasetData)) and config.data.directory is not None:
        yield from _exists(config.data.directory, ("data", "directory"), folder=True)
    if isinstance(config.data, DatasetData) and config.data.dataset == "academic" and config.data.directory:
        message = "the dataset 'academic' is generated and has no files; leave `directory` out."
        yield Problem(path=("data", "directory"), message=message)
    if isinstance(config.sampling, SpecSampling):
        yield from _exists(config.sampling.spec, ("sampling", "spec"), folder=False)


def _exists(path: Path, key: KeyPath, *, folder: bool) -> Iterator[Problem]:
    kind = "folder" if folder else "file"
    if path.is_dir() if folder else path.is_file():
        return
    if path.exists():
        yield Problem(path=key, message=f"expected a {kind}, but {str(path)!r} is a {'file' if folder else 'folder'}.")
        return
    parent = path.parent
    while not parent.is_dir():
        parent = parent.parent
    near = nearest(path.name, sorted(p.name for p in parent.iterdir())) if parent == path.parent else ""
    gone = "" if parent == path.parent else f" The last folder of it that exists is {str(parent)!r}."
    message = f"there is no {kind} {str(path)!r}.{near}{gone} Relative paths start from the folder of the config file."
    yield Problem(path=key, message=message)


def _split(config: RunConfig) -> Iterator[Problem]:
    split = config.split
    if isinstance(split, RandomSplit):
        total = split.train + split.valid + split.test
        if total > 1 + 1e-9:
            message = f"the shares add up to {total:g} ({split.train:g} + {split.valid:g} + {split.test:g}); at most 1."
            yield Problem(path=("split",), message=message)
        if split.train == 0:
            yield Problem(path=("split", "train"), message="expected a number > 0: nothing is left to train on.")
    if isinstance(split, FeatureSplit):
        if not split.train:
            yield Problem(path=("split", "train"), message="expected at least one value: nothing is left to train on.")
        parts = {"train": split.train, "valid": split.valid, "test": split.test}
        for name, values in parts.items():
            for other, others in parts.items():
                shared = sorted(map(str, set(values) & set(others)))
                if name < other and shared:
                    message = f"{', '.join(shared)} is in {name!r} as well; each value belongs to one part."
                    yield Problem(path=("split", other), message=message)
        if split.feature in labels_of(config):
            message = f"{split.feature!r} is the label of the task; the split needs a feature of its own."
            yield Problem(path=("split", "feature"), message=message)


def _sampling(config: RunConfig) -> Iterator[Problem]:
    if getattr(config.sampling, "joint", False) and getattr(config.sampling, "cutoff", None) is not None:
        message = "a cut-off needs a graph for each node, so that none sees what is after it. Leave one of both out."
        yield Problem(path=("sampling", "joint"), message=message)
    if not isinstance(config.sampling, HopSampling):
        return
    known = [SEED]
    for index, hop in enumerate(config.sampling.hops):
        path: KeyPath = ("sampling", "hops", index)
        for name in hop.from_ or ():
            if name not in known:
                later = " It must be an earlier hop." if any(h.name == name for h in config.sampling.hops) else ""
                yield Problem(path=(*path, "from"), message=unknown("hop", name, known) + later)
        name = hop.name or f"hop{index + 1}"
        if name in known:
            yield Problem(path=(*path, "name"), message=f"{name!r} is taken already; names of hops are unique.")
        known.append(name)
        yield from _strategy(hop, path)
    if config.sampling.cutoff is not None and not any(hop.time for hop in config.sampling.hops):
        message = "a cut-off means nothing where no hop has a time. Give hops `time: FEATURE`."
        yield Problem(path=("sampling", "cutoff"), message=message)


def _strategy(hop: Hop, path: KeyPath) -> Iterator[Problem]:
    by_weight = hop.strategy in ("weighted", "top_k")
    if by_weight and hop.weight is None:
        message = f"{hop.strategy!r} needs a weight. Add `weight: FEATURE`, an edge feature."
        yield Problem(path=(*path, "strategy"), message=message)
    if not by_weight and hop.weight is not None:
        message = f"{hop.strategy!r} draws by no weight. Set `strategy: weighted` or `top_k`, or leave it out."
        yield Problem(path=(*path, "weight"), message=message)
    if hop.strategy == "latest_k" and hop.time is None:
        message = "'latest_k' needs a time. Add `time: FEATURE`, an edge feature."
        yield Problem(path=(*path, "strategy"), message=message)
    if hop.replace and hop.strategy in ("top_k", "latest_k"):
        message = f"{hop.strategy!r} has no draws with replacement. Leave it out."
        yield Problem(path=(*path, "replace"), message=message)


def _features(config: RunConfig) -> Iterator[Problem]:
    features, (kind_of_target, target) = config.features, target_set(config)
    if features.context and kind_of_target != "context":
        message = "features of the context are inputs of tasks about graphs only. Remove them."
        yield Problem(path=("features", "context"), message=message)
        return
    for kind, sets in (
        ("node_sets", features.node_sets),
        ("edge_sets", features.edge_sets),
        ("context", {"": features.context}),
    ):
        for set_name, entries in sets.items():
            for name, entry in entries.items():
                if isinstance(entry, (DropFeature, IdEmbeddingFeature)):
                    continue
                path: KeyPath = ("features", kind, set_name, name) if set_name else ("features", kind, name)
                column, shown = entry.feature or name, set_name or kind
                if f"{shown}.{column}" in features.exclude:
                    message = f"{shown}.{column} stands in features.exclude and cannot be an input as well."
                    yield Problem(path=path, message=message)
                if (kind, set_name) != (kind_of_target, target):
                    continue
                if column in labels_of(config):
                    message = f"{column!r} is the label of the task; a model must not see it. Remove it."
                    yield Problem(path=path, message=message)
                if isinstance(config.split, FeatureSplit) and column == config.split.feature:
                    noun = "graph" if kind == "context" else kind.partition("_")[0]
                    message = f"{column!r} is the feature that splits the {noun}s; it cannot be an input. Remove it."
                    yield Problem(path=path, message=message)
    for index, name in enumerate(features.exclude):
        if "." not in name:
            message = f"expected SET.FEATURE, as in {target or 'SET'}.{name}, got {name!r}."
            yield Problem(path=("features", "exclude", index), message=message)


def target_set(config: RunConfig) -> tuple[str, str]:
    """(`node_sets`, `edge_sets` or `context`, name) of the set that predictions are for."""
    task = config.main_task
    if isinstance(task, (LinkPrediction, EdgeTask)):
        return "edge_sets", task.edge_set
    return ("context", "") if isinstance(task, GraphTask) else ("node_sets", task.node_set)


def labels_of(config: RunConfig) -> set[str]:
    """The features that hold the labels of all tasks; links have none."""
    return {task.label for task in config.labelled_tasks.values() if not isinstance(task, LinkPrediction)}


def _model(config: RunConfig) -> Iterator[Problem]:
    if config.training.early_stopping is not None and _has_no_valid(config):
        message = "there are no validation nodes to watch: `split.valid` is empty."
        yield Problem(path=("training", "early_stopping"), message=message)
    yield from _runtime(config)
    if config.training.steps_per_epoch not in (None, 1) and isinstance(config.sampling, WholeGraph):
        message = "without sampling the whole graph is one step: leave steps_per_epoch out and set epochs."
        yield Problem(path=("training", "steps_per_epoch"), message=message)


def _runtime(config: RunConfig) -> Iterator[Problem]:
    training, runtime = config.training, config.runtime
    strategy = runtime.strategy.type
    if runtime.jit_compile and training.padding is None:
        message = "XLA compiles anew for each size of batches; give them one size: `training.padding: tight`."
        yield Problem(path=("runtime", "jit_compile"), message=message)
    if strategy == "tpu" and training.padding is None:
        message = "TPUs need batches of one size: `training.padding: tight`."
        yield Problem(path=("runtime", "strategy"), message=message)
    if strategy == "parameter_server" and training.trainer is None:
        message = (
            "fit() of Keras 3 cannot train on parameter servers; they need a `training.trainer` of your own. Use "
            "'multi_worker_mirrored' for several machines."
        )
        yield Problem(path=("runtime", "strategy"), message=message)
    if runtime.tf_data_service is not None and training.steps_per_epoch is None:
        message = "how many batches the service makes is not known: set `training.steps_per_epoch`."
        yield Problem(path=("runtime", "tf_data_service"), message=message)
    if strategy not in ("one_device", "tpu") and (runtime.steps_per_execution or 1) > 1:
        message = "TensorFlow cannot read several batches of graphs at once for several replicas; leave it out."
        yield Problem(path=("runtime", "steps_per_execution"), message=message)
    per_epoch, steps = training.validation_per_epoch, training.steps_per_epoch
    if per_epoch is not None and (steps is None or steps % per_epoch):
        message = f"needs training.steps_per_epoch to be a multiple of it, {per_epoch}; got {steps or 'none'}."
        yield Problem(path=("training", "validation_per_epoch"), message=message)
    if per_epoch is not None and training.validation_freq != 1:
        message = "leave it out, or leave validation_per_epoch out: evaluations are counted in one way."
        yield Problem(path=("training", "validation_freq"), message=message)


def _has_no_valid(config: RunConfig) -> bool:
    return not config.split.valid
