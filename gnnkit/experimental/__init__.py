"""Functions whose names and arguments may still change."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.ops._root_readout import context_readout_into_feature as context_readout_into_feature
    from gnnkit.ops._shuffle import segment_random_index_shuffle as segment_random_index_shuffle

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "context_readout_into_feature": "gnnkit.ops._root_readout",
        "segment_random_index_shuffle": "gnnkit.ops._shuffle",
    },
    submodules=["sampler"],
)
