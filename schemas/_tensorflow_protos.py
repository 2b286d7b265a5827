"""Registers the two files of TensorFlow that `graph_schema.proto` imports, without importing TensorFlow.

The generated code for them is plain protobuf, but `import tensorflow.core.framework.types_pb2` runs
`tensorflow/__init__.py` first, which takes seconds. Reading a schema should not: the command line, the
table reader and the workers of a cluster need nothing else of TensorFlow.
"""

import importlib
import importlib.util
import pathlib
import sys

from google.protobuf.internal import api_implementation

_NAMES = ("tensor_shape_pb2", "types_pb2")


def _register() -> None:
    # The pure Python protobuf would make a second class for each message; the compiled one finds the first.
    if "tensorflow" in sys.modules or api_implementation.Type() == "python":
        for name in _NAMES:
            importlib.import_module(f"tensorflow.core.framework.{name}")
        return
    tensorflow = importlib.util.find_spec("tensorflow")
    if tensorflow is None or tensorflow.origin is None:
        raise ModuleNotFoundError("gnnkit.schemas needs TensorFlow, which is not installed: pip install tensorflow.")
    folder = pathlib.Path(tensorflow.origin).parent / "core" / "framework"
    for name in _NAMES:
        # Not entered into sys.modules: when TensorFlow is imported, it loads its files itself, and the
        # descriptor pool, which has their descriptors by then, gives the same messages back.
        spec = importlib.util.spec_from_file_location(f"tensorflow.core.framework.{name}", folder / f"{name}.py")
        if spec is None or spec.loader is None:
            raise ImportError(f"TensorFlow at {folder} has no {name}.py, which gnnkit.schemas needs.")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_register()
