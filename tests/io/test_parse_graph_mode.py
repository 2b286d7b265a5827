"""Parsing in tf.data, in tf.function and in a SavedModel that a process without gnnkit loads."""

import subprocess
import sys

import tensorflow as tf

import gnnkit


def _graph(n: int) -> gnnkit.GraphTensor:
    return gnnkit.homogeneous(
        list(range(n)),
        [0] * n,
        node_features={"x": [[float(i)] for i in range(n)], "r": tf.ragged.range(list(range(n)), dtype=tf.int32)},
    )


SERIALIZED = [gnnkit.write_example(_graph(n)).SerializeToString() for n in (1, 3, 2, 4)]
SPEC = gnnkit.create_graph_spec_from_schema_pb(gnnkit.create_schema_pb_from_graph_spec(_graph(1)))


def test_dataset():
    dataset = tf.data.Dataset.from_tensor_slices(SERIALIZED).batch(3)
    dataset = dataset.map(lambda x: gnnkit.parse_example(SPEC, x), num_parallel_calls=2)
    assert dataset.element_spec == SPEC._batch(None)
    dataset = dataset.map(lambda g: g.merge_batch_to_components()).prefetch(1)
    assert [g.node_sets["nodes"].sizes.numpy().tolist() for g in dataset] == [[1, 3, 2], [4]]


def test_no_retracing():
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def parse(serialized: tf.Tensor) -> gnnkit.GraphTensor:
        traces.append(1)
        return gnnkit.parse_example(SPEC, serialized)

    for n in (1, 2, 4):
        assert parse(SERIALIZED[:n]).node_sets["nodes"]["x"].shape[0] == n
    assert len(traces) == 1


def test_unknown_rank_is_taken_for_a_vector():
    @tf.function(input_signature=[tf.TensorSpec(None, tf.string)])
    def parse(serialized: tf.Tensor) -> tf.Tensor:
        return gnnkit.parse_example(SPEC, serialized).node_sets["nodes"].sizes

    assert parse(SERIALIZED).numpy().tolist() == [[1], [3], [2], [4]]


def test_saved_model_without_gnnkit(tmp_path, clean_environment):
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def sums(serialized: tf.Tensor) -> tf.Tensor:
        graph = gnnkit.parse_example(SPEC, serialized).merge_batch_to_components()
        return tf.reduce_sum(graph.node_sets["nodes"]["x"]) + tf.cast(graph.total_num_components, tf.float32)

    module.sums = sums
    tf.saved_model.save(module, str(tmp_path / "model"))
    code = (
        "import sys; sys.modules['gnnkit'] = None\n"
        "import tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "print(float(model.sums(tf.constant([bytes.fromhex(x) for x in sys.argv[2:]]))))"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "model"), *(x.hex() for x in SERIALIZED)]
    result = subprocess.run(arguments, capture_output=True, text=True, env=clean_environment)
    assert result.stdout.strip() == "14.0", result.stderr
