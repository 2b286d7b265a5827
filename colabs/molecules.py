"""Writes the molecules of graph_classification.py as files, for `gnnkit run colabs/configs/molecules.yaml`.

python colabs/molecules.py colabs/configs/molecules
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from graph_classification import molecule

import gnnkit as tfgnn

SCHEMA = """context { features { key: "toxic" value { dtype: DT_INT64 } } }
node_sets { key: "atoms" value {
  features { key: "hidden_state" value { dtype: DT_FLOAT shape { dim { size: 4 } } } } } }
edge_sets { key: "bonds" value { source: "atoms" target: "atoms"
  features { key: "hidden_state" value { dtype: DT_FLOAT shape { dim { size: 3 } } } } } }
"""


def main(folder: str, num: int = 1000) -> None:
    """Writes `num` molecules, and their schema, into a folder."""
    path, rng = Path(folder), np.random.default_rng(1)
    path.mkdir(parents=True, exist_ok=True)
    (path / "graph_schema.pbtxt").write_text(SCHEMA)
    with tf.io.TFRecordWriter(str(path / "part-0")) as writer:
        for _ in range(num):
            writer.write(tfgnn.write_example(molecule(rng)).SerializeToString())


if __name__ == "__main__":
    main(*sys.argv[1:2])
