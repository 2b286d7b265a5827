"""Names and tags that the whole package shares (TF-GNN's values)."""

SOURCE = 0
TARGET = 1
CONTEXT = "context"
NODES = "nodes"
EDGES = "edges"
HIDDEN_STATE = "hidden_state"
DEFAULT_STATE_NAME = HIDDEN_STATE  # Deprecated alias, kept for migration.

SIZE_NAME = "#size"
SOURCE_NAME = "#source"
TARGET_NAME = "#target"
ID_NAME = "#id"
