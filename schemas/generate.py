"""Generates `*_pb2.py` and `*_pb2.pyi` from the .proto files beside this one.

    python schemas/generate.py [FOLDER]

writes into FOLDER, by default beside the .proto files. The result is committed; a test keeps it fresh.
Needs grpcio-tools, which carries protoc; the `dev` extra pins it, because its version shows in the output.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

_HERE = pathlib.Path(__file__).resolve().parent
_PROTOS = ("graph_schema", "sampled_stats", "sampling_spec")
# The name under which a file is registered. It must be ours alone: TF-GNN registers the same messages
# in the same process, and a descriptor pool refuses two different files of one name.
_PREFIX = pathlib.PurePosixPath("gnnkit/schemas")
_TENSORFLOW = ("tensorflow/core/framework/tensor_shape.proto", "tensorflow/core/framework/types.proto")
_LIGHT_IMPORT = "from gnnkit.schemas import _tensorflow_protos as _tensorflow_protos\n"


def generate(folder: pathlib.Path) -> list[pathlib.Path]:
    """Writes the generated files into `folder` and returns their paths."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        source = root / "in"
        (source / _PREFIX).mkdir(parents=True)
        for proto in _PROTOS:
            shutil.copy(_HERE / f"{proto}.proto", source / _PREFIX)
        imports = root / "tensorflow.binpb"
        imports.write_bytes(_tensorflow_descriptors())
        target = root / "out"
        target.mkdir()
        # A process of its own: beside TensorFlow, which carries a protobuf library too, protoc crashes.
        done = subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc"),
                f"--descriptor_set_in={imports}",
                f"--proto_path={source}",
                f"--python_out={target}",
                f"--pyi_out={target}",
                *(str(_PREFIX / f"{proto}.proto") for proto in _PROTOS),
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"protoc ended with status {done.returncode}: {done.stderr}")
        written = []
        for path in sorted((target / _PREFIX).iterdir()):
            text = path.read_text()
            if path.suffix == ".py":
                text = _without_tensorflow(text)
            written.append(folder / path.name)
            written[-1].write_text(text)
        return written


def _tensorflow_descriptors() -> bytes:
    """The files that our .proto files import, as a serialized FileDescriptorSet: wheels hold no .proto files."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    from gnnkit.schemas import _tensorflow_protos  # noqa: F401  (registers the files)

    files = descriptor_pb2.FileDescriptorSet()
    for name in _TENSORFLOW:
        descriptor_pool.Default().FindFileByName(name).CopyToProto(files.file.add())
    return files.SerializeToString()


def _without_tensorflow(text: str) -> str:
    """Imports `_tensorflow_protos` where protoc wrote imports that would run `tensorflow/__init__.py`."""
    lines = text.splitlines(keepends=True)
    heavy = [i for i, line in enumerate(lines) if line.startswith("from tensorflow.")]
    for i in reversed(heavy[1:]):
        del lines[i]
    if heavy:
        lines[heavy[0]] = _LIGHT_IMPORT
    return "".join(lines)


if __name__ == "__main__":
    for file in generate(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else _HERE):
        print(file)
