"""A small schema and a config that fits it."""

import pytest

SCHEMA = """
node_sets { key: "paper" value {
  features { key: "year" value { dtype: DT_INT64 } }
  features { key: "venue" value { dtype: DT_STRING } }
  features { key: "words" value { dtype: DT_FLOAT shape { dim { size: 4 } } } }
  features { key: "tags" value { dtype: DT_STRING shape { dim { size: -1 } } } }
  features { key: "score" value { dtype: DT_FLOAT } }
  features { key: "label" value { dtype: DT_INT64 } }
  features { key: "part" value { dtype: DT_STRING } }
  metadata { filename: "paper.csv" }
} }
node_sets { key: "author" value { metadata { filename: "author.csv" } } }
edge_sets { key: "cites" value { source: "paper" target: "paper" metadata { filename: "cites.csv" } } }
edge_sets { key: "written_by" value { source: "paper" target: "author" metadata { filename: "writes.csv" }
  features { key: "order" value { dtype: DT_INT64 } } } }
edge_sets { key: "writes" value { source: "author" target: "paper" metadata { filename: "writes.csv" } } }
"""

CONFIG = """\
seed: 3
model_dir: out/{name}-{seed}
data:
  schema: schema.pbtxt
task:
  type: node_classification
  node_set: paper
  label: label
split:
  feature: part
sampling:
  hops:
    - {edge_set: cites, size: 8}
    - {edge_set: written_by, size: 4, from: [seed, hop1]}
    - {name: others, edge_set: writes, size: 2}
features:
  node_sets:
    paper:
      year: number
      venue: {type: category, dim: 8}
  edge_sets:
    written_by: {order: number}
  exclude: [paper.score]
model:
  type: vanilla_mpnn
  units: 16
training:
  epochs: 2
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path
