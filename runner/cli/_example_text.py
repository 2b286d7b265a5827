"""Graphs and Examples as text. Needs TensorFlow."""

import itertools
import json
import pprint
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from gnnkit._names import SIZE_NAME, SOURCE_NAME, TARGET_NAME
from gnnkit.graph import GraphTensor, graph_tensor_to_values
from gnnkit.io import create_graph_spec_from_schema_pb, parse_example, parse_single_example
from gnnkit.runner._errors import RunError
from gnnkit.runner.cli import _example_files as files
from gnnkit.schemas import GraphSchema


def example_texts(schema: GraphSchema, pattern: str, *, mode: str, batch_size: int, num_examples: int) -> Iterator[str]:
    """The texts of graphs, of batches (`batch_size` > 0) or, in mode "textproto", of Examples; 0 stands for all."""
    limit = num_examples or None
    records = files.read_records(files.matching_files(pattern))
    if mode == "textproto":
        for record in itertools.islice(records, limit):
            yield proto_text(record)
        return
    spec = create_graph_spec_from_schema_pb(schema)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def parser(serialized: tf.Tensor) -> GraphTensor:
        return parse_example(spec, serialized) if batch_size else parse_single_example(spec, serialized[0])

    for batch in itertools.islice(files.batches(records, batch_size or 1), limit):
        graph = files.parse(parser, batch)
        yield json_text(graph) if mode == "json" else python_text(graph)


def graph_values(graph: GraphTensor) -> dict[str, Any]:
    """`graph_tensor_to_values` with sizes and indices, under their names in Examples."""
    features = graph_tensor_to_values(graph)
    result: dict[str, Any] = {"context": features["context"], "node_sets": {}, "edge_sets": {}}
    for name, nodes in graph.node_sets.items():
        result["node_sets"][name] = {SIZE_NAME: _list(nodes.sizes), **features["node_sets"][name]}
    for name, edges in graph.edge_sets.items():
        ends = {SOURCE_NAME: _list(edges.adjacency.source), TARGET_NAME: _list(edges.adjacency.target)}
        result["edge_sets"][name] = {SIZE_NAME: _list(edges.sizes), **ends, **features["edge_sets"][name]}
    return _short(result)


def python_text(graph: GraphTensor) -> str:
    """A graph as a Python literal on several lines."""
    return pprint.pformat(graph_values(graph), width=110, compact=True, sort_dicts=False)


def json_text(graph: GraphTensor) -> str:
    """A graph as one line of JSON; bytes that are no UTF-8 are written as `\\xff`."""
    return json.dumps(graph_values(graph), ensure_ascii=False, default=lambda b: b.decode(errors="backslashreplace"))


def proto_text(record: files.Record) -> str:
    """An Example in text format, its features sorted by name. RunError: the record is none."""
    try:
        example = tf.train.Example.FromString(record.data)
    except DecodeError:
        raise RunError(f"{record.file}, record {record.number} is no tf.train.Example.") from None
    lines = ["features {"]
    for name in sorted(example.features.feature):
        one = tf.train.Example()
        one.features.feature[name].CopyFrom(example.features.feature[name])
        lines += text_format.MessageToString(one).splitlines()[1:-1]
    return "\n".join([*lines, "}", ""])


def _list(field: Any) -> list[Any]:
    return field.to_list() if isinstance(field, tf.RaggedTensor) else field.numpy().tolist()


def _short(value: Any) -> Any:
    """0.1 for 0.10000000149011612: the shortest number that is the same float32, which is what Examples store."""
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_short(item) for item in value]
    return float(str(np.float32(value))) if isinstance(value, float) else value
