"""Providers that mix datasets."""

import collections

import pytest
import tensorflow as tf

from gnnkit import runner

CONTEXT = tf.distribute.InputContext()


def _range(*args):
    return tf.data.Dataset.range(*args)


def _values(provider, context=CONTEXT):
    return [v.decode() if isinstance(v, bytes) else int(v) for v in provider.get_dataset(context).as_numpy_iterator()]


def _provider(*args, **kwargs):
    return runner.PassthruSampleDatasetsProvider(
        _range(1000), [_range(1000, 1003), _range(2000, 2900)], *args, **kwargs
    )


def test_an_epoch_has_each_principal_example_once_and_others_by_weight():
    values = _values(_provider(2, [1, 0.5], seed=1))
    assert [v for v in values if v < 1000] == list(range(1000))
    kinds = collections.Counter(v // 1000 for v in values)
    assert kinds[1] == pytest.approx(500, abs=60) and kinds[2] == pytest.approx(250, abs=60)
    equal = collections.Counter(v // 1000 for v in _values(_provider(seed=2)))
    assert equal[1] == pytest.approx(1000, abs=120) and equal[2] == pytest.approx(1000, abs=120)
    assert values == _values(_provider(2, [1, 0.5], seed=1)) != _values(_provider(2, [1, 0.5], seed=3))


def test_a_fixed_cardinality():
    provider = _provider(0.5, [0.25, 0.25], principal_cardinality=1000, fixed_cardinality=True, seed=1)
    assert int(provider.get_dataset(CONTEXT).cardinality()) == 2000
    assert [len(_values(provider)) for _ in range(2)] == [2000, 2000]
    # Without fixed_cardinality it is not needed.
    assert len([v for v in _values(_provider(0.5, [0.25, 0.25], principal_cardinality=4)) if v < 1000]) == 1000


def test_shuffling():
    values = _values(_provider(shuffle_dataset=True, seed=1))
    principal = [v for v in values if v < 1000]
    assert principal != list(range(1000)) and sorted(principal) == list(range(1000))


@pytest.fixture
def files(tmp_path):
    for name, count in (("a", 4), ("b", 6), ("c", 2)):
        for i in range(2):
            with tf.io.TFRecordWriter(str(tmp_path / f"{name}-{i}")) as writer:
                for j in range(count):
                    writer.write(f"{name}{i}{j}".encode())
    return tmp_path


@pytest.mark.parametrize("by_name", [False, True])
def test_files(files, by_name):
    # B14: extra_filenames together with examples_shuffle_size.
    sources = (
        {
            "principal_filenames": [f"{files}/a-0", f"{files}/a-1"],
            "extra_filenames": [[f"{files}/b-0", f"{files}/b-1"], [f"{files}/c-0", f"{files}/c-1"]],
        }
        if by_name
        else {"principal_file_pattern": f"{files}/a-*", "extra_file_patterns": [f"{files}/b-*", f"{files}/c-*"]}
    )
    provider = runner.SampleTFRecordDatasetsProvider(
        **sources, principal_weight=0.5, extra_weights=[0.25, 0.25], examples_shuffle_size=8, seed=1
    )
    values = _values(provider)
    assert sorted(v for v in values if v[0] == "a") == [f"a{i}{j}" for i in range(2) for j in range(4)]
    assert {v[0] for v in values} == {"a", "b", "c"}
    for count in (2, 3, 9):
        shares = [_values(provider, tf.distribute.InputContext(count, i, count)) for i in range(count)]
        principal = sorted(v for share in shares for v in share if v[0] == "a")
        assert principal == [f"a{i}{j}" for i in range(2) for j in range(4)]
        assert all(v[1] == "1" for v in shares[1])
    fixed = runner.SampleTFRecordDatasetsProvider(
        **sources, principal_weight=1, extra_weights=[1, 1], principal_cardinality=8, fixed_cardinality=True, seed=1
    )
    lengths = [len(_values(fixed, tf.distribute.InputContext(5, i, 5))) for i in range(5)]
    assert lengths == [5, 5, 5, 5, 4]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"principal_weight": 1.0}, r"both of principal_weight \(got 1.0\) and extra_weights \(got None\)"),
        ({"principal_weight": 1.0, "extra_weights": [1.0]}, r"2 extra datasets, but 1 extra_weights: \[1.0\]"),
        ({"principal_weight": 0.0, "extra_weights": [1, 1]}, r"principal_weight not 0, but are \[0.0, 1, 1\]"),
        ({"fixed_cardinality": True}, r"fixed_cardinality=True needs principal_cardinality, .* but got None"),
    ],
)
def test_wrong_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        _provider(**kwargs)


def test_wrong_sources(files):
    with pytest.raises(ValueError, match=r"extra dataset 0 of type .*string"):
        runner.PassthruSampleDatasetsProvider(_range(2), [tf.data.Dataset.from_tensors("x")]).get_dataset(CONTEXT)
    with pytest.raises(ValueError, match=r"exactly one of extra_file_patterns \(got None\) and extra_filenames"):
        runner.SampleTFRecordDatasetsProvider(f"{files}/a-*")
    with pytest.raises(ValueError, match=r"extra_file_patterns must be a list of patterns, but got 'b\*'"):
        runner.SampleTFRecordDatasetsProvider(f"{files}/a-*", "b*")
    with pytest.raises(ValueError, match="needs datasets of known size"):
        runner.PassthruSampleDatasetsProvider(_range(2).repeat(), [], shuffle_dataset=True).get_dataset(CONTEXT)
