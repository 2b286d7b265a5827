"""Sampling specs under the name that TF-GNN has for them, `tfgnn.sampler`; the rest is in `gnnkit.samplers`."""

from gnnkit.samplers import SamplingSpecBuilder as SamplingSpecBuilder
from gnnkit.samplers import make_sampling_spec_tree as make_sampling_spec_tree
from gnnkit.schemas import SamplingOp as SamplingOp
from gnnkit.schemas import SamplingSpec as SamplingSpec
from gnnkit.schemas import SamplingStrategy as SamplingStrategy
