"""Training on the academic graph from its tables to metrics, sampling on the fly, beside tensorflow-gnn. Prints JSON.

    python benchmarks/end_to_end.py [--target 0.7] [--seconds 90] [--rounds 1] [--skip tfgnn]

The same job on both sides, each with its own sampler in memory, Runner and MtAlbis: 2,000 papers, of which 1,024 train and
256 validate after each epoch; 8 cited papers, 4 authors of all of these and 4 affiliations of authors; batches of 64;
embeddings of authors and institutions; two rounds of messages of width 32; Adam. tensorflow-gnn's sampler runs on batches
of seeds, its fastest way.

Each side is a process of its own; they take turns. Clocks start when everything is imported and the tables are in memory.
`to_target_s`: until the first epoch whose accuracy on the validation papers is the target. `first_step_s`: until the end of
the first step of training.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # What tensorflow-gnn needs; gnnkit does not mind.

import numpy as np

BATCH, WIDTH, CLASSES, EPOCHS = 64, 32, 6, 40
OPS = [
    ("cited", ["seed"], "cites", 8),
    ("authors", ["seed", "cited"], "written_by", 4),
    ("affiliations", ["authors"], "affiliated_with", 4),
]
SIZES = {"paper": 2_000, "author": 2_500, "institution": 240}


def make_tables():
    from gnnkit.datasets import academic_graph

    return academic_graph(
        num_papers=SIZES["paper"], num_authors=SIZES["author"], num_institutions=SIZES["institution"],
        num_classes=CLASSES, feature_dim=WIDTH)  # fmt: skip


def fill_spec(spec, uniform):
    spec.seed_op.op_name, spec.seed_op.node_set_name = "seed", "paper"
    for name, inputs, edge_set, size in OPS:
        spec.sampling_ops.add(
            op_name=name, input_op_names=inputs, edge_set_name=edge_set, sample_size=size, strategy=uniform
        )
    return spec


def parts():
    order = np.random.default_rng(1).permutation(SIZES["paper"])
    return order[:1024], order[1024:1280]


def clock(keras, args, start, record):
    """A callback that takes the times, and stops at the target."""

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            record.setdefault("first_step_s", time.perf_counter() - start)

        def on_epoch_end(self, epoch, logs=None):
            now = time.perf_counter() - start
            accuracy = float((logs or {})["val_sparse_categorical_accuracy"])
            record.setdefault("curve", []).append([round(now, 2), round(accuracy, 4)])
            if accuracy >= args.target:
                record.setdefault("to_target_s", now)
            if accuracy >= args.target or now > args.seconds:
                self.model.stop_training = True

    return Clock()


def model_fn(library, keras, mt_albis, make_input):
    """First states by feature, two rounds of messages from the far ends to the papers."""

    def first_states(node_set, *, node_set_name):
        if node_set_name == "paper":
            return keras.layers.Dense(WIDTH, "relu")(node_set["embedding"])
        return keras.layers.Embedding(SIZES[node_set_name], WIDTH)(node_set["id"])

    def build(spec):
        graph = inputs = make_input(spec)
        graph = library.keras.layers.MapFeatures(node_sets_fn=first_states)(graph)
        for _ in range(2):
            graph = mt_albis.MtAlbisGraphUpdate(
                units=WIDTH,
                message_dim=WIDTH,
                receiver_tag=library.SOURCE,
                attention_type="none",
                simple_conv_reduce_type="mean",
                state_dropout_rate=0.1,
                l2_regularization=1e-5,
            )(graph)
        return inputs, graph

    return build


def gnnkit_side(args, tables, record):
    import keras
    import tensorflow as tf

    import gnnkit
    import gnnkit.samplers._dataset
    from gnnkit import runner, samplers
    from gnnkit.models import mt_albis
    from gnnkit.schemas import sampling_spec_pb2

    start = time.perf_counter()
    keras.utils.set_random_seed(1)
    for name in ("author", "institution"):
        tables.node_sets[name].features["id"] = np.arange(SIZES[name])
    store = samplers.GraphStore.from_tables(tables)
    spec = fill_spec(sampling_spec_pb2.SamplingSpec(), sampling_spec_pb2.RANDOM_UNIFORM)
    features = {"paper": ["embedding", "label"], "author": ["id"], "institution": ["id"]}

    class Provider(runner.DatasetProvider):
        def __init__(self, seeds, training):
            self._seeds, self._training = seeds, training

        def get_dataset(self, context):
            return self.get_batched_dataset(context, None)

        def get_batched_dataset(self, context, batch_size):
            return samplers.dataset(
                store, spec, self._seeds, batch_size=batch_size, features=features, shuffle=self._training,
                resample=self._training, seed=1, input_context=context)  # fmt: skip

    train, valid = parts()
    train_ds, valid_ds = Provider(train, True), Provider(valid, False)
    build = model_fn(gnnkit, keras, mt_albis, gnnkit.keras.Input)
    runner.run(
        train_ds_provider=train_ds,
        valid_ds_provider=valid_ds,
        model_fn=lambda spec: gnnkit.keras.Model(*build(spec)),
        optimizer_fn=lambda: keras.optimizers.Adam(0.005),
        trainer=runner.KerasTrainer(
            model_dir=tempfile.mkdtemp(),
            verbose=0,
            summarize_every_n_steps="never",
            backup_and_restore=False,
            checkpoint_every_n_steps="never",
            callbacks=[clock(keras, args, start, record)],
        ),  # fmt: skip
        task=runner.RootNodeMulticlassClassification(
            "paper", num_classes=CLASSES, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
        ),
        gtspec=train_ds.get_dataset(tf.distribute.InputContext()).element_spec,
        global_batch_size=BATCH,
        epochs=EPOCHS,
        model_exporters=[],
    )


def tfgnn_side(args, tables, record):
    import tensorflow as tf
    import tensorflow_gnn as tfgnn
    import tf_keras as keras
    from tensorflow_gnn import runner
    from tensorflow_gnn.experimental import sampler
    from tensorflow_gnn.models import mt_albis

    start = time.perf_counter()
    keras.utils.set_random_seed(1)
    columns = {"paper": {k: np.asarray(tables.node_sets["paper"].features[k]) for k in ("embedding", "label")}}
    columns |= {name: {"id": np.arange(SIZES[name])} for name in ("author", "institution")}
    schema = tfgnn.GraphSchema()
    for name, features in columns.items():
        for feature, values in features.items():
            entry = schema.node_sets[name].features[feature]
            entry.dtype = tf.as_dtype(values.dtype).as_datatype_enum
            for size in values.shape[1:]:
                entry.shape.dim.add(size=size)
    edges = {op[2]: tables.edge_sets[op[2]] for op in OPS}
    for name, table in edges.items():
        schema.edge_sets[name].source, schema.edge_sets[name].target = table.source_set, table.target_set

    def make_sampler(op):
        table = edges[op.edge_set_name]
        return sampler.InMemUniformEdgesSampler(
            SIZES[table.source_set],
            tf.constant(table.source, tf.int64),
            tf.constant(table.target, tf.int64),
            sample_size=op.sample_size,
            edge_set_name=op.edge_set_name,
            name=op.op_name,
        )

    def make_accessor(name):
        values = {feature: tf.constant(column) for feature, column in columns[name].items()}
        return sampler.InMemIndexToFeaturesAccessor(values, name=f"features_{name}")

    spec = fill_spec(tfgnn.sampler.SamplingSpec(), tfgnn.sampler.SamplingStrategy.RANDOM_UNIFORM)
    sampling = sampler.create_sampling_model_from_spec(
        schema, spec, make_sampler, make_accessor, seed_node_dtype=tf.int64
    )

    class Provider(runner.DatasetProvider):
        def __init__(self, seeds, training):
            self._seeds, self._training = seeds, training

        def get_dataset(self, context):
            data = tf.data.Dataset.from_tensor_slices(self._seeds.astype(np.int64))
            if self._training:
                data = data.shuffle(len(self._seeds), seed=1)

            def sample(seeds):
                return sampling(tf.RaggedTensor.from_row_lengths(seeds, tf.ones_like(seeds)))

            return data.batch(BATCH).map(sample, num_parallel_calls=tf.data.AUTOTUNE).unbatch()

    train, valid = parts()
    train_ds, valid_ds = Provider(train, True), Provider(valid, False)
    build = model_fn(tfgnn, keras, mt_albis, lambda spec: keras.layers.Input(type_spec=spec))
    runner.run(
        train_ds_provider=train_ds,
        valid_ds_provider=valid_ds,
        model_fn=lambda spec: keras.Model(*build(spec)),
        optimizer_fn=lambda: keras.optimizers.Adam(0.005),
        trainer=runner.KerasTrainer(
            tf.distribute.get_strategy(),
            model_dir=tempfile.mkdtemp(),
            verbose=0,
            summarize_every_n_steps="never",
            backup_and_restore=False,
            checkpoint_every_n_steps="never",
            restore_best_weights=False,
            callbacks=[clock(keras, args, start, record)],
        ),  # fmt: skip
        task=runner.RootNodeMulticlassClassification(
            "paper", num_classes=CLASSES, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
        ),
        gtspec=train_ds.get_dataset(tf.distribute.InputContext()).element_spec,
        global_batch_size=BATCH,
        epochs=EPOCHS,
        model_exporters=[],
    )


SIDES = {"gnnkit": gnnkit_side, "tfgnn": tfgnn_side}


def run_side(side, args):
    command = [sys.executable, __file__, "--side", side, "--target", str(args.target), "--seconds", str(args.seconds)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if result.returncode or not lines:
        raise SystemExit(f"{' '.join(command)} has failed.")
    return json.loads(lines[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=float, default=0.7, help="accuracy on the validation papers")
    parser.add_argument("--seconds", type=float, default=90, help="after which a side gives up")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--skip", choices=["tfgnn"], action="append", default=[])
    parser.add_argument("--side", choices=sorted(SIDES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        record = {}
        SIDES[args.side](args, make_tables(), record)
        print(json.dumps(record), flush=True)
        return
    sides = [side for side in SIDES if side not in args.skip]
    runs = {side: [] for side in sides}
    for _ in range(args.rounds):
        for side in sides:
            runs[side].append(run_side(side, args))
    result = {"target": args.target, "cores": os.cpu_count(), "runs": runs}
    for key, goal in (("first_step_s", 10), ("to_target_s", 5)):
        medians = {side: statistics.median(run.get(key, float("inf")) for run in each) for side, each in runs.items()}
        result[key] = {side: round(value, 2) for side, value in medians.items()}
        if len(sides) == 2 and medians["gnnkit"] < float("inf"):
            ratio = medians["tfgnn"] / medians["gnnkit"]
            result[f"{key}_ratio"], result[f"{key}_ok"] = round(ratio, 2), ratio >= goal
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
