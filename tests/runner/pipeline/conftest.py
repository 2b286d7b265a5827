"""Tables of a small graph."""

import numpy as np
import pytest

from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, RaggedColumn


def texts(*values):
    return np.array([value.encode() for value in values], object)


@pytest.fixture
def tables():
    return GraphTables(
        node_sets={
            "paper": NodeTable(
                num_nodes=6,
                ids=texts("p0", "p1", "p2", "p3", "p4", "p5"),
                features={
                    "label": np.array([0, 1, 2, 1, 0, -1]),
                    "topic": texts("bio", "art", "chem", "art", "bio", ""),
                    "part": texts("train", "train", "train", "valid", "test", "other"),
                    "year": np.array([2000, 2002, 2004, 2100, 2100, 2100]),
                    "score": np.array([1.0, np.nan, 3.0, 5.0, 5.0, 5.0], np.float32),
                    "venue": texts("x", "y", "x", "z", "z", "z"),
                    "words": np.array([[1, 1], [0, 2], [2, 6], [0, 0], [1, 0], [0, 1]], np.float32),
                    "tags": RaggedColumn(values=texts("a"), row_splits=np.array([0, 1, 1, 1, 1, 1, 1])),
                },
            ),
            "author": NodeTable(num_nodes=2, ids=texts("a0", "a1")),
        },
        edge_sets={
            "writes": EdgeTable(
                source_set="author",
                target_set="paper",
                source=np.array([0, 1]),
                target=np.array([0, 5]),
                features={"order": np.array([1, 3])},
            )
        },
    )
