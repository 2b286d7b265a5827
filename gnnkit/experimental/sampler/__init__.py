"""TF-GNN's sampling API, `tensorflow_gnn.experimental.sampler`: Keras layers and models that sample subgraphs.

For graphs that fit in memory, `gnnkit.samplers.dataset` is faster: it samples whole subgraphs in one kernel.
"""

from typing import TYPE_CHECKING, Any

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.experimental.sampler._build_graph import build_graph_tensor as build_graph_tensor
    from gnnkit.experimental.sampler._composite import CompositeLayer as CompositeLayer
    from gnnkit.experimental.sampler._in_mem_edges import InMemUniformEdgesSampler as InMemUniformEdgesSampler
    from gnnkit.experimental.sampler._in_mem_features import (
        InMemIndexToFeaturesAccessor as InMemIndexToFeaturesAccessor,
    )
    from gnnkit.experimental.sampler._interfaces import ConnectingEdgesSampler as ConnectingEdgesSampler
    from gnnkit.experimental.sampler._interfaces import KeyToBytesAccessor as KeyToBytesAccessor
    from gnnkit.experimental.sampler._interfaces import KeyToFeaturesAccessor as KeyToFeaturesAccessor
    from gnnkit.experimental.sampler._interfaces import OutgoingEdgesSampler as OutgoingEdgesSampler
    from gnnkit.experimental.sampler._key_to_bytes import (
        InMemIntegerKeyToBytesAccessor as InMemIntegerKeyToBytesAccessor,
    )
    from gnnkit.experimental.sampler._key_to_bytes import InMemStringKeyToBytesAccessor as InMemStringKeyToBytesAccessor
    from gnnkit.experimental.sampler._link_model import (
        create_link_sampling_model_from_spec as create_link_sampling_model_from_spec,
    )
    from gnnkit.experimental.sampler._ragged import get_ext_ops_implementation as get_ext_ops_implementation
    from gnnkit.experimental.sampler._ragged import ragged_choice as ragged_choice
    from gnnkit.experimental.sampler._ragged import ragged_lookup as ragged_lookup
    from gnnkit.experimental.sampler._ragged import ragged_unique as ragged_unique
    from gnnkit.experimental.sampler._ragged import set_ext_ops_implementation as set_ext_ops_implementation
    from gnnkit.experimental.sampler._sampling_model import (
        create_sampling_model_from_spec as create_sampling_model_from_spec,
    )
    from gnnkit.experimental.sampler._save_model import save_model as save_model
    from gnnkit.experimental.sampler._tf_examples import KeyToTfExampleAccessor as KeyToTfExampleAccessor
    from gnnkit.experimental.sampler._tf_examples import TfExamplesParser as TfExamplesParser
    from gnnkit.experimental.sampler._uniform_edges import UniformEdgesSampler as UniformEdgesSampler

_HERE = "gnnkit.experimental.sampler"
_getattr, __dir__, __all__ = attach(
    __name__,
    {
        "CompositeLayer": f"{_HERE}._composite",
        "ConnectingEdgesSampler": f"{_HERE}._interfaces",
        "InMemIndexToFeaturesAccessor": f"{_HERE}._in_mem_features",
        "InMemIntegerKeyToBytesAccessor": f"{_HERE}._key_to_bytes",
        "InMemStringKeyToBytesAccessor": f"{_HERE}._key_to_bytes",
        "InMemUniformEdgesSampler": f"{_HERE}._in_mem_edges",
        "KeyToBytesAccessor": f"{_HERE}._interfaces",
        "KeyToFeaturesAccessor": f"{_HERE}._interfaces",
        "KeyToTfExampleAccessor": f"{_HERE}._tf_examples",
        "OutgoingEdgesSampler": f"{_HERE}._interfaces",
        "TfExamplesParser": f"{_HERE}._tf_examples",
        "UniformEdgesSampler": f"{_HERE}._uniform_edges",
        "build_graph_tensor": f"{_HERE}._build_graph",
        "create_link_sampling_model_from_spec": f"{_HERE}._link_model",
        "create_sampling_model_from_spec": f"{_HERE}._sampling_model",
        "get_ext_ops_implementation": f"{_HERE}._ragged",
        "ragged_choice": f"{_HERE}._ragged",
        "ragged_lookup": f"{_HERE}._ragged",
        "ragged_unique": f"{_HERE}._ragged",
        "save_model": f"{_HERE}._save_model",
        "set_ext_ops_implementation": f"{_HERE}._ragged",
    },
)


def __getattr__(name: str) -> Any:
    if name in ("create_program", "Artifacts"):
        raise AttributeError(
            f"gnnkit.experimental.sampler has no {name}: it turns a Keras model into the program of TF-GNN's Beam sampler. "
            "gnnkit's samplers, in memory and on Beam, take the SamplingSpec itself: see gnnkit.samplers."
        )
    return _getattr(name)
