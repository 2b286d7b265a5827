"""Providers of datasets."""

import pytest
import tensorflow as tf

from gnnkit import runner


@pytest.fixture
def files(tmp_path):
    for i in range(4):
        with tf.io.TFRecordWriter(str(tmp_path / f"part-{i}")) as writer:
            for j in range(3):
                writer.write(f"{i}{j}".encode())
    return str(tmp_path / "part-*")


def _values(provider, count=1, index=0):
    context = tf.distribute.InputContext(num_input_pipelines=count, input_pipeline_id=index)
    return [v.decode() for v in provider.get_dataset(context).as_numpy_iterator()]


def test_tfrecords_are_shared_out_by_file(files):
    provider = runner.TFRecordDatasetProvider(files)
    everything = _values(provider)
    assert sorted(everything) == [f"{i}{j}" for i in range(4) for j in range(3)]
    halves = [_values(provider, 2, i) for i in range(2)]
    assert sorted(sum(halves, [])) == sorted(everything)
    assert {v[0] for v in halves[0]} == {"0", "2"}


@pytest.mark.parametrize("count", [3, 4, 5, 9, 13])
def test_no_example_is_read_twice_or_not_at_all(files, count):
    provider = runner.TFRecordDatasetProvider(files, shuffle_filenames=True, examples_shuffle_size=4, seed=1)
    shares = [_values(provider, count, i) for i in range(count)]
    assert sorted(sum(shares, [])) == [f"{i}{j}" for i in range(4) for j in range(3)]
    if count == 9:  # Three pipelines share one file, two each of the others.
        assert [len(share) for share in shares] == [1, 2, 2, 2, 1, 1, 1, 1, 1]


def test_shuffling_is_seeded_and_new_in_each_epoch(files):
    provider = runner.TFRecordDatasetProvider(files, shuffle_filenames=True, examples_shuffle_size=12, seed=1)
    dataset = provider.get_dataset(tf.distribute.InputContext())
    first, second = (list(dataset.as_numpy_iterator()) for _ in range(2))
    assert first != second and sorted(first) == sorted(second)
    again = runner.TFRecordDatasetProvider(files, shuffle_filenames=True, examples_shuffle_size=12, seed=1)
    assert _values(again) == [v.decode() for v in first]


def test_errors(tmp_path):
    with pytest.raises(ValueError, match=r"exactly one of file_pattern \(got None\) and filenames \(got None\)"):
        runner.TFRecordDatasetProvider()
    with pytest.raises(ValueError, match="No file matches"):
        _values(runner.TFRecordDatasetProvider(str(tmp_path / "nothing*")))
    with pytest.raises(ValueError, match="needs a dataset of known size, but its cardinality is infinite"):
        dataset = tf.data.Dataset.range(2).repeat()
        runner.PassthruDatasetProvider(dataset, shuffle_datasets=True).get_dataset(tf.distribute.InputContext())


def test_passthru():
    dataset = tf.data.Dataset.range(5)
    context = tf.distribute.InputContext()
    assert runner.PassthruDatasetProvider(dataset).get_dataset(context) is dataset
    provider = runner.PassthruDatasetProvider(dataset, shuffle_datasets=True, seed=2)
    assert sorted(int(x) for x in provider.get_dataset(context)) == [0, 1, 2, 3, 4]
