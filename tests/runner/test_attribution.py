"""runner.integrated_gradients: TF-GNN's calling form, with the right numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner


@pytest.fixture(scope="module")
def result(graphs, gtspec, model_fn, tmp_path_factory):
    return runner.run(
        train_ds_provider=runner.PassthruDatasetProvider(
            tf.data.Dataset.from_tensor_slices([gnnkit.write_example(g).SerializeToString() for g in graphs[:8]])
        ),
        model_fn=model_fn,
        optimizer_fn=keras.optimizers.Adam,
        trainer=runner.KerasTrainer(
            model_dir=str(tmp_path_factory.mktemp("run")), verbose=0, summarize_every_n_steps="never"
        ),
        task=runner.RootNodeMulticlassClassification("paper", num_classes=2, label_fn=runner.ContextLabelFn("label")),
        feature_processors=[lambda g: g.remove_features(node_sets={"paper": ["label"]})],
        gtspec=gtspec,
        global_batch_size=8,
        model_exporters=[],
    )


@pytest.mark.parametrize("random", [False, True])
def test_attributions_of_a_run(result, graphs, random):
    explain = runner.integrated_gradients(
        result.preprocess_model, result.trained_model, random_counterfactual=random, steps=32, seed=3
    )
    attributed = explain(graphs[0])
    assert list(attributed.node_sets["paper"].features) == ["x"]
    graph = result.preprocess_model(graphs[0])[0]
    expected = gnnkit.attribution.integrated_gradients(
        lambda g: result.trained_model(g, training=False), graph, baseline="random" if random else "zero", seed=3
    )
    for name in ("paper",):
        np.testing.assert_allclose(
            attributed.node_sets[name]["x"], expected.graph.node_sets[name]["x"], rtol=1e-4, atol=1e-5
        )
    assert expected.completeness_error < 0.01


def test_baselines_of_features(result, graphs):
    """A name or values for each feature; zero for the others."""
    weight, x = ("edges", "cites", "weight"), ("nodes", "paper", "x")
    graph = result.preprocess_model(graphs[0])[0]
    width = graph.node_sets["paper"]["x"].shape[1]
    baseline = {x: np.linspace(-1.0, 1.0, width), weight: "mean"}
    attributed = runner.integrated_gradients(result.preprocess_model, result.trained_model, baseline=baseline)(
        graphs[0]
    )
    expected = gnnkit.attribution.integrated_gradients(
        lambda g: result.trained_model(g, training=False), graph, baseline=baseline
    )
    for got, want in (
        (attributed.node_sets["paper"]["x"], expected.graph.node_sets["paper"]["x"]),
        (attributed.edge_sets["cites"]["weight"], expected.graph.edge_sets["cites"]["weight"]),
    ):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    zero = runner.integrated_gradients(result.preprocess_model, result.trained_model, random_counterfactual=False)
    assert np.abs(zero(graphs[0]).node_sets["paper"]["x"] - attributed.node_sets["paper"]["x"]).max() > 1e-4

    def explain(baseline):
        runner.integrated_gradients(result.preprocess_model, result.trained_model, baseline=baseline)(graphs[0])

    with pytest.raises(ValueError, match=r"the baseline names .*'words'.*, which are not attributed"):
        explain({("nodes", "paper", "words"): "mean"})
    with pytest.raises(ValueError, match=r"the baseline of .*'x'.* has shape \(99,\), which does not broadcast"):
        explain({x: np.zeros(99)})
    with pytest.raises(ValueError, match="baseline must be one of .* but got 'median'"):
        explain("median")


def test_one_output_of_several_is_chosen(result, graphs):
    graph = result.trained_model.input
    model = gnnkit.keras.Model(graph, {"a": result.trained_model.output, "b": 2 * result.trained_model.output})
    explained = runner.integrated_gradients(
        result.preprocess_model, model, output_name="b", random_counterfactual=False
    )(graphs[1])
    single = runner.integrated_gradients(result.preprocess_model, result.trained_model, random_counterfactual=False)(
        graphs[1]
    )
    np.testing.assert_allclose(
        explained["b"].node_sets["paper"]["x"], 2 * single.node_sets["paper"]["x"], rtol=1e-4, atol=1e-5
    )
    with pytest.raises(ValueError, match=r"choose output_name out of \['a', 'b'\], not None"):
        runner.integrated_gradients(result.preprocess_model, model)(graphs[1])
