"""Input and output: schemas, specs of graphs from schemas, tf.train.Examples.

Reading and checking schemas imports no TensorFlow; names load on first use.
"""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.io._datasets import dataset_filter_with_summary as dataset_filter_with_summary
    from gnnkit.io._datasets import dataset_from_generator as dataset_from_generator
    from gnnkit.io._graph_statistics import GraphStatistics as GraphStatistics
    from gnnkit.io._io_spec import get_io_spec as get_io_spec
    from gnnkit.io._iterate import iter_features as iter_features
    from gnnkit.io._iterate import iter_sets as iter_sets
    from gnnkit.io._learn_sizes import find_tight_size_constraints as find_tight_size_constraints
    from gnnkit.io._learn_sizes import learn_fit_or_skip_size_constraints as learn_fit_or_skip_size_constraints
    from gnnkit.io._parse import parse_example as parse_example
    from gnnkit.io._parse import parse_single_example as parse_single_example
    from gnnkit.io._random_graph import random_graph_tensor as random_graph_tensor
    from gnnkit.io._required import check_required_features as check_required_features
    from gnnkit.io._schema_spec import check_compatible_with_schema_pb as check_compatible_with_schema_pb
    from gnnkit.io._schema_spec import create_graph_spec_from_schema_pb as create_graph_spec_from_schema_pb
    from gnnkit.io._schema_spec import create_schema_pb_from_graph_spec as create_schema_pb_from_graph_spec
    from gnnkit.io._schema_text import parse_schema as parse_schema
    from gnnkit.io._schema_text import read_schema as read_schema
    from gnnkit.io._schema_text import write_schema as write_schema
    from gnnkit.io._validate import ValidationError as ValidationError
    from gnnkit.io._validate import validate_schema as validate_schema
    from gnnkit.io._write import write_example as write_example

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "GraphStatistics": "gnnkit.io._graph_statistics",
        "ValidationError": "gnnkit.io._validate",
        "check_compatible_with_schema_pb": "gnnkit.io._schema_spec",
        "check_required_features": "gnnkit.io._required",
        "create_graph_spec_from_schema_pb": "gnnkit.io._schema_spec",
        "create_schema_pb_from_graph_spec": "gnnkit.io._schema_spec",
        "dataset_filter_with_summary": "gnnkit.io._datasets",
        "dataset_from_generator": "gnnkit.io._datasets",
        "find_tight_size_constraints": "gnnkit.io._learn_sizes",
        "get_io_spec": "gnnkit.io._io_spec",
        "iter_features": "gnnkit.io._iterate",
        "iter_sets": "gnnkit.io._iterate",
        "learn_fit_or_skip_size_constraints": "gnnkit.io._learn_sizes",
        "parse_example": "gnnkit.io._parse",
        "parse_schema": "gnnkit.io._schema_text",
        "parse_single_example": "gnnkit.io._parse",
        "random_graph_tensor": "gnnkit.io._random_graph",
        "read_schema": "gnnkit.io._schema_text",
        "validate_schema": "gnnkit.io._validate",
        "write_example": "gnnkit.io._write",
        "write_schema": "gnnkit.io._schema_text",
    },
)
