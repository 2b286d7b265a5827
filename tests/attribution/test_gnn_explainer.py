"""GNNExplainer: a planted motif comes out on top, root by root; what masks do; errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.attribution import gnn_explainer, top_edges, top_nodes
from gnnkit.keras import layers
from gnnkit.models.gcn import GCNHomGraphUpdate
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate

# Component 0: roots are the first users. user 0 <- item 0 <- tag 0 is the motif: only tags that are on (x[0] = 1) count.
MOTIF = {("tagged", 0), ("bought", 0), ("tagged", 5), ("bought", 6)}


def _planted():
    """Two users, each with 6 items of one tag each; one tag of each user is on. Other columns are noise."""
    rng = np.random.default_rng(0)
    tags = rng.normal(size=(10, 3)).astype(np.float32)
    tags[:, 0] = 0.0
    tags[[0, 5], 0] = 1.0
    noise = rng.normal(size=(12, 2)).astype(np.float32)
    return gnnkit.GraphTensor.from_pieces(
        node_sets={
            "user": gnnkit.NodeSet.from_fields(sizes=[1, 1], features={"hidden_state": np.ones([2, 1], np.float32)}),
            "item": gnnkit.NodeSet.from_fields(sizes=[6, 6], features={"hidden_state": noise}),
            "tag": gnnkit.NodeSet.from_fields(sizes=[5, 5], features={"hidden_state": tags}),
        },
        edge_sets={
            "bought": gnnkit.EdgeSet.from_fields(
                sizes=[6, 6], adjacency=gnnkit.Adjacency.from_indices(("user", [0] * 6 + [1] * 6), ("item", range(12)))
            ),
            "tagged": gnnkit.EdgeSet.from_fields(
                sizes=[5, 5],
                adjacency=gnnkit.Adjacency.from_indices(("item", [*range(5), *range(6, 11)]), ("tag", range(10))),
            ),
        },
    )


def _rule(graph):
    """Two rounds of messages: whether a tag that is on is reached."""
    tags = gnnkit.pool_neighbors_to_node(
        graph, "tagged", gnnkit.SOURCE, reduce_type="sum", feature_value=graph.node_sets["tag"]["hidden_state"][:, :1]
    )
    reached = gnnkit.pool_neighbors_to_node(graph, "bought", gnnkit.SOURCE, reduce_type="sum", feature_value=tags)
    return tf.concat([-4.0 * reached, 8.0 * reached - 4.0], axis=1)


@pytest.fixture(scope="module")
def explained():
    return gnn_explainer(_rule, _planted(), seed=0, epochs=150)


def test_the_planted_motif_comes_out_on_top(explained):
    top = top_edges(explained, 4)
    assert {(score.edge_set_name, score.edge) for score in top} == MOTIF
    assert min(score.value for score in top) > 0.7
    # The other edges carry zeros only: they do not matter at all.
    assert top_edges(explained, None)[4].value == 0
    assert explained.kept.numpy().tolist() == [True, True] and explained.share_kept == 1
    assert explained.losses[-1] < explained.losses[0]
    ends = {(score.node_set_name, score.node) for score in top_nodes(explained, 6)}
    assert ends == {("user", 0), ("user", 1), ("item", 0), ("item", 6), ("tag", 0), ("tag", 5)}


def test_the_column_that_counts_comes_out_on_top(explained):
    masks = explained.graph.node_sets["tag"]["hidden_state"].numpy()
    assert masks.shape == (10, 3) and np.all(masks[:, 0] > 0.5) and np.all(masks[:, 1:] == 0)
    assert np.all(explained.graph.node_sets["item"]["hidden_state"] == 0)


def test_the_graph_keeps_its_connectivity(explained):
    graph = _planted()
    for name in graph.edge_sets:
        assert list(explained.graph.edge_sets[name].features) == ["mask"]
        for tag in (gnnkit.SOURCE, gnnkit.TARGET):
            np.testing.assert_array_equal(
                explained.graph.edge_sets[name].adjacency[tag], graph.edge_sets[name].adjacency[tag]
            )


def test_components_do_not_disturb_each_other(explained):
    """Root by root: the masks of a component are those that it gets alone."""
    graph = _planted()
    alone = gnnkit.GraphTensor.from_pieces(
        node_sets={
            name: gnnkit.NodeSet.from_fields(
                sizes=piece.sizes[:1], features={"hidden_state": piece["hidden_state"][: int(piece.sizes[0])]}
            )
            for name, piece in graph.node_sets.items()
        },
        edge_sets={
            name: gnnkit.EdgeSet.from_fields(
                sizes=piece.sizes[:1],
                adjacency=gnnkit.Adjacency.from_indices(
                    *(
                        (piece.adjacency.node_set_name(tag), piece.adjacency[tag][: int(piece.sizes[0])])
                        for tag in (0, 1)
                    )
                ),
            )
            for name, piece in graph.edge_sets.items()
        },
    )
    result = gnn_explainer(_rule, alone, seed=0, epochs=150)
    for name, count in (("bought", 6), ("tagged", 5)):
        np.testing.assert_allclose(
            result.graph.edge_sets[name]["mask"], explained.graph.edge_sets[name]["mask"][:count], atol=0.05
        )


@pytest.mark.parametrize("loss", ["classification", "regression"])
def test_a_single_score(loss):
    result = gnn_explainer(lambda g: _rule(g)[:, 1], _planted(), seed=0, loss=loss, epochs=60)
    assert {(score.edge_set_name, score.edge) for score in top_edges(result, 4)} == MOTIF
    assert result.share_kept == 1


def test_weights_of_size_and_choice_of_masks():
    keys = [("nodes", "tag", "hidden_state")]
    few = gnn_explainer(_rule, _planted(), edge_sets=["bought"], features=keys, edge_size=100.0, seed=0, epochs=60)
    assert [name for name, piece in few.graph.edge_sets.items() if piece.features] == ["bought"]
    assert few.graph.edge_sets["bought"]["mask"].numpy().max() < 0.2  # Size is all.
    assert few.share_kept == 0
    none = gnn_explainer(_rule, _planted(), features=[], seed=0, epochs=1)
    assert not none.graph.node_sets["tag"].features


@pytest.mark.slow
def test_a_trained_model_of_layers():
    """A functional model learns the rule; the explanation of its predictions finds the motif."""
    keras.utils.set_random_seed(1)
    graph = _planted()
    inputs = hidden = gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    for names in (["item"], ["user"]):
        hidden = VanillaMPNNGraphUpdate(units=8, message_dim=8, receiver_tag=gnnkit.SOURCE, node_set_names=names)(
            hidden
        )
    outputs = keras.layers.Dense(2)(layers.ReadoutFirstNode(node_set_name="user")(hidden))
    model = gnnkit.keras.Model(inputs, outputs)
    graphs, labels = [], []
    for seed in range(64):
        rng = np.random.default_rng(seed)
        tags = rng.normal(size=(10, 3)).astype(np.float32)
        tags[:, 0] = 0.0
        on = rng.random(2) < 0.5
        tags[[0, 5], 0] = on
        items = {"hidden_state": rng.normal(size=(12, 2)).astype(np.float32)}
        graphs.append(graph.replace_features(node_sets={"tag": {"hidden_state": tags}, "item": items}))
        labels.append(on.astype(np.int64))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    data = list(zip(graphs, labels, strict=True))
    train = tf.data.Dataset.from_generator(
        lambda: iter(data), output_signature=(graph.spec, tf.TensorSpec([2], tf.int64))
    ).repeat()
    model.optimizer.learning_rate = 0.01
    model.fit(train, epochs=10, steps_per_epoch=64, verbose=0)
    assert model(graph).numpy().argmax(axis=1).tolist() == [1, 1]
    result = gnn_explainer(model, graph, seed=0, epochs=200, learning_rate=0.05)
    assert result.share_kept == 1
    top = {(score.edge_set_name, score.edge) for score in top_edges(result, 4)}
    assert len(top & MOTIF) >= 3, top_edges(result, 6)


def test_errors():
    graph = _planted()
    with pytest.raises(ValueError, match=r"loss must be one of \('classification', 'regression'\), but got 'mse'"):
        gnn_explainer(_rule, graph, loss="mse")
    with pytest.raises(ValueError, match="epochs must be at least 1, but got 0"):
        gnn_explainer(_rule, graph, epochs=0)
    with pytest.raises(ValueError, match=r"edge_sets has \['likes'\], but the graph has the edge sets \['bought'"):
        gnn_explainer(_rule, graph, edge_sets=["likes"])
    with pytest.raises(ValueError, match=r"cannot mask \[\('nodes', 'tag', 'y'\)\]: no such dense node feature"):
        gnn_explainer(_rule, graph, features=[("nodes", "tag", "y")])
    with pytest.raises(ValueError, match="nothing to mask"):
        gnn_explainer(_rule, graph, edge_sets=[], features=[])
    with pytest.raises(ValueError, match="gnn_explainer: the model must return scores"):
        gnn_explainer(lambda g: {"a": _rule(g)}, graph)
    compiled = tf.function(_rule, autograph=False)
    compiled(graph)
    with pytest.raises(ValueError, match=r"the scores depend on no mask of \['bought', 'tagged'\]"):
        gnn_explainer(lambda g: compiled(g), graph, features=[], epochs=1)
    assert gnn_explainer(compiled, graph, epochs=1).losses.shape == (1,)  # What is under it is explained.


def test_models_that_change_the_edges():
    graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 2]))

    def fn(graph):
        return GCNHomGraphUpdate(units=2)(gnnkit.add_self_loops(graph, "edges")).node_sets["nodes"]["hidden_state"]

    with pytest.raises(ValueError, match="'edges' has 2 edges where it goes into the model and 5 inside"):
        gnn_explainer(fn, graph)
