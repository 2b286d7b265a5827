"""A Dense of inputs side by side against the sum of products that SimpleConv makes of it: the same function."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.keras.layers import _transform_first
from gnnkit.testing import random_graph

H = "hidden_state"
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT
GRAPH = random_graph(3)
FEATURES = [
    *(node_set[H] for node_set in GRAPH.node_sets.values()),
    *(edge_set[H] for edge_set in GRAPH.edge_sets.values()),
    GRAPH.context[H],
]

RECEIVERS = [
    ({"receiver_tag": T}, {"edge_set_name": "writes"}),
    ({"receiver_tag": S}, {"edge_set_name": "writes"}),
    ({"receiver_tag": T, "sender_edge_feature": H}, {"edge_set_name": "cites"}),
    ({"receiver_tag": T, "receiver_feature": None}, {"edge_set_name": "writes"}),
    ({"receiver_tag": T, "sender_node_feature": None}, {"edge_set_name": "writes"}),
    ({"receiver_tag": C, "sender_edge_feature": H}, {"edge_set_name": "writes"}),
    ({"receiver_tag": C}, {"node_set_name": "author"}),
]


def sequence():
    return keras.Sequential([dense(), keras.layers.Dropout(0.5), keras.layers.Dense(3)])


def dense(**kwargs):
    return keras.layers.Dense(5, **{"activation": "tanh", "bias_initializer": "random_normal", **kwargs})


@pytest.fixture
def forms(monkeypatch):
    """`with_form(sum_of_products, call)`: a call in which SimpleConv has to use the form, if at all possible."""
    made = []
    original = _transform_first._sum_of_products
    monkeypatch.setattr(_transform_first, "_sum_of_products", lambda *args: made.append(1) or original(*args))

    def with_form(sum_of_products, call):
        made.clear()
        monkeypatch.setattr(_transform_first, "pays", lambda units, parts: sum_of_products)
        return call(), bool(made)

    return with_form


def of_all_rows(x):
    return x - keras.ops.mean(x, axis=0)


@pytest.mark.parametrize(
    "make",
    [dense, lambda: dense(use_bias=False), lambda: dense(activation=of_all_rows), sequence],
    ids=["dense", "no bias", "activation of all rows", "sequence"],
)
@pytest.mark.parametrize("arguments, call_kwargs", RECEIVERS, ids=str)
def test_same_outputs_and_gradients(forms, make, arguments, call_kwargs):
    conv = layers.SimpleConv(make(), **arguments)

    def call():
        with tf.GradientTape() as tape:
            tape.watch(FEATURES)
            output = conv(GRAPH, **call_kwargs)
            loss = tf.reduce_sum(output**2)
        sources = [*(w.value for w in conv.trainable_weights), *FEATURES]
        return [output, *tape.gradient(loss, sources, unconnected_gradients="zero")]

    got, split = forms(True, call)
    want, not_split = forms(False, call)
    assert split and not not_split
    # A gradient is a sum of terms up to the size of the largest (257 here), and rounded like those: where they cancel, as
    # for the bias before an activation that takes means away, what is left of 0 is 1e-5. So errors are compared with it.
    wanted = [tf.convert_to_tensor(w) for w in want]
    scale = max(1.0, *(float(np.abs(w).max(initial=0)) for w in wanted[1:]))
    np.testing.assert_allclose(got[0], wanted[0], 1e-5, 1e-5)
    for g, w in zip(got[1:], wanted[1:], strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(g) / scale, w / scale, 1e-5, 1e-6)


def test_in_training(forms):
    """What follows the Dense runs as ever: here dropout, of items."""
    message = keras.Sequential([dense(), layers.ItemDropout(0.5, seed=1)])
    conv = layers.SimpleConv(message, receiver_tag=T)
    outputs = []
    for form in (True, False):
        message.layers[1].seed_generator.state.assign([1, 1])
        outputs.append(forms(form, lambda: conv(GRAPH, edge_set_name="writes", training=True))[0])
    np.testing.assert_allclose(*outputs, 1e-5, 1e-5)
    assert np.any(np.abs(outputs[0] - conv(GRAPH, edge_set_name="writes")) > 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("make", [dense, sequence], ids=["dense", "sequence"])
def test_invisible_in_saved_models(forms, make, tmp_path):
    def build():
        inputs = gnnkit.keras.Input(GRAPH.spec.relax(num_components=True, num_nodes=True, num_edges=True))
        return gnnkit.keras.Model(inputs, layers.SimpleConv(make(), name="conv")(inputs, edge_set_name="writes"))

    keras.utils.clear_session()
    model, split = forms(True, build)
    keras.utils.clear_session()
    other, not_split = forms(False, build)
    assert split and not not_split
    assert [(w.path, w.shape) for w in model.weights] == [(w.path, w.shape) for w in other.weights]
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded, _ = forms(False, lambda: keras.models.load_model(tmp_path / "model.keras"))
    other.load_weights(tmp_path / "model.weights.h5")
    want = forms(True, lambda: model(GRAPH))[0]
    for each in (loaded, other):
        np.testing.assert_allclose(forms(False, lambda each=each: each(GRAPH))[0], want, 1e-5, 1e-5)


class OwnDense(keras.layers.Dense):
    def call(self, inputs):
        return super().call(inputs) + 1.0


class OwnSequential(keras.Sequential):
    pass


def lora():
    layer = dense()
    layer.build((None, 7))
    layer.enable_lora(2)
    return layer


def quantized():
    layer = dense()
    layer.build((None, 7))
    layer.quantize("int8")
    return layer


@pytest.mark.parametrize(
    "make",
    [
        lambda: OwnDense(5),
        lambda: OwnSequential([dense()]),
        lambda: keras.Sequential([keras.layers.Dropout(0.5), dense()]),
        lambda: dense(activity_regularizer="l2"),
        lambda: dense(dtype="float64"),
        lora,
        quantized,
    ],
    ids=["own dense", "own sequence", "dropout first", "activity", "dtype", "lora", "quantized"],
)
def test_left_alone(forms, make):
    layer = make()
    conv = layers.SimpleConv(layer, receiver_tag=T)
    output, split = forms(True, lambda: conv(GRAPH, edge_set_name="writes"))
    assert not split
    ends = GRAPH.edge_sets["writes"].adjacency
    inputs = [tf.gather(GRAPH.node_sets["author"][H], ends.source), tf.gather(GRAPH.node_sets["paper"][H], ends.target)]
    want = tf.math.unsorted_segment_sum(layer(tf.concat(inputs, -1)), ends.target, len(output))
    np.testing.assert_allclose(output, want, 1e-5, 1e-5)


def test_sum_of_inputs_is_left_alone(forms):
    graph = random_graph(1, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 4)})
    conv = layers.SimpleConv(dense(), combine_type="sum", receiver_tag=T)
    assert not forms(True, lambda: conv(graph, edge_set_name="cites"))[1]


def test_wrong_width(forms):
    conv = layers.SimpleConv(dense(), receiver_tag=T)
    conv(GRAPH, edge_set_name="writes")
    wider = GRAPH.replace_features(node_sets={"paper": {H: tf.ones([GRAPH.node_sets["paper"].total_size, 9])}})
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value"):
        forms(True, lambda: conv(wider, edge_set_name="writes"))


@pytest.mark.parametrize("width, units, expected", [(32, 64, True), (32, 512, False), (4, 2, False), (31, 8, False)])
def test_when(width, units, expected):
    """By widths: of inputs of nodes together, and of messages."""
    parts = [_transform_first.Part(np.ones([1, 999])), *[_transform_first.Part(np.ones([1, width]), np.copy)] * 2]
    assert _transform_first.pays(units, parts) == expected


STATE = tf.constant(np.random.default_rng(0).standard_normal((6, 8)), tf.float32)
NEXT_STATE_INPUTS = (STATE, {"b": tf.sin(STATE), "a": tf.cos(STATE)[:, :3]}, tf.tanh(STATE)[:, :2])


@pytest.mark.parametrize("make", [dense, lambda: dense(use_bias=False), sequence], ids=["dense", "no bias", "sequence"])
def test_next_state(forms, make):
    """In a tf.function, a Dense takes the inputs as they are: same outputs, first and second derivatives."""
    layer = layers.NextStateFromConcat(make())
    layer(NEXT_STATE_INPUTS)
    inputs = tf.nest.flatten(NEXT_STATE_INPUTS)
    sources = [w.value for w in layer.trainable_weights]

    def derivatives(*inputs):
        watched = [*inputs, *sources]
        with tf.GradientTape() as outer:
            outer.watch(watched)
            with tf.GradientTape() as inner:
                inner.watch(watched)
                output = layer(tf.nest.pack_sequence_as(NEXT_STATE_INPUTS, inputs))
                loss = tf.reduce_sum(output**3)
            first = list(map(tf.convert_to_tensor, inner.gradient(loss, watched)))
            product = sum(tf.reduce_sum(tf.cos(g) * g) for g in first)
        second = outer.gradient(product, watched, unconnected_gradients="zero")
        return [tf.convert_to_tensor(t) for t in (output, *first, *second)]

    want, split = forms(True, lambda: derivatives(*inputs))
    assert not split  # Eagerly, one operation is faster than three.
    got, split = forms(True, lambda: tf.function(derivatives)(*inputs))
    assert split
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, 1e-4, 1e-4 * max(1.0, np.abs(w).max()))


@pytest.mark.parametrize("units, widths, expected", [(8, [4, 4], True), (8, [4, 3], False), (1, [8], False)])
def test_when_without_concatenation(units, widths, expected):
    """Where additions cost no more than copies."""
    parts = [_transform_first.Part(np.ones([1, width])) for width in widths]
    assert _transform_first._saves_copies(units, parts) == expected


def test_next_state_of_wrong_width():
    layer = layers.NextStateFromConcat(dense())
    layer((STATE, {"a": STATE}, {}))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 16"):
        tf.function(layer)((STATE, {"a": tf.ones([6, 9])}, {}))


def test_next_state_in_training():
    """A Sequential's other layers learn that it is training."""
    layer = layers.NextStateFromConcat(keras.Sequential([dense(), keras.layers.Dropout(0.5, seed=1)]))
    compiled = tf.function(layer)
    inputs = STATE, {"a": STATE}, {}
    assert np.any(compiled(inputs, training=True) == 0) and not np.any(compiled(inputs) == 0)
