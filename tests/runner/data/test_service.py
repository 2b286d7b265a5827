"""Batches from a tf.data service: a dispatcher and a worker on this machine."""

import keras
import pytest
import tensorflow as tf

from gnnkit import runner


@pytest.fixture
def address():
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer(service.DispatcherConfig(port=0))
    address = dispatcher.target.split("://")[1]
    worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address, port=0))
    yield dispatcher.target
    worker._stop()
    dispatcher._stop()


@pytest.mark.slow
def test_a_run_by_the_service_is_a_run_without_it(tmp_path, address, gtspec, examples, model_fn):
    histories = []
    config = runner.TFDataServiceConfig(address, "job", "distributed_epoch")
    for service in (None, config):
        keras.utils.set_random_seed(3)
        provider = runner.PassthruDatasetProvider(tf.data.Dataset.from_tensor_slices(examples[:16]))
        result = runner.run(
            train_ds_provider=provider,
            valid_ds_provider=provider,
            model_fn=model_fn,
            optimizer_fn=keras.optimizers.Adam,
            trainer=runner.KerasTrainer(
                model_dir=str(tmp_path), verbose=0, steps_per_epoch=2, summarize_every_n_steps="never"
            ),
            task=runner.RootNodeBinaryClassification("paper", label_fn=runner.ContextLabelFn("label")),
            feature_processors=[lambda g: g.remove_features(node_sets={"paper": ["label"]})],
            gtspec=gtspec,
            global_batch_size=8,
            epochs=2,
            model_exporters=[],
            tf_data_service_config=service,
            use_data_service_for_validation=service is not None,
        )
        histories.append(result.trained_model.history.history)
    for name, values in histories[0].items():
        assert histories[1][name] == pytest.approx(values, rel=1e-5), name


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"tf_data_service_address must be a text, but got ''"):
        runner.TFDataServiceConfig("", "job", "parallel_epochs")
