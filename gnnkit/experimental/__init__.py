"""Functions whose names and arguments may still change."""

from gnnkit.ops._root_readout import context_readout_into_feature as context_readout_into_feature
from gnnkit.ops._shuffle import segment_random_index_shuffle as segment_random_index_shuffle
