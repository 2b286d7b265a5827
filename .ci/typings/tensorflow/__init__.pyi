# TensorFlow ships no types, and the ones that pyright brings along know too little of it
# (no RaggedTensorSpec.ragged_rank, no tf.data batching of type specs): here all of it is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
