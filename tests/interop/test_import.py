import subprocess
import sys

import pytest

import gnnkit
from gnnkit.interop.tfgnn import from_tfgnn
from gnnkit.testing import random_graph


def test_imports_are_light(clean_environment):
    code = (
        "import sys, gnnkit.interop; gnnkit.interop.from_pandas; gnnkit.interop.ogb_to_tables;"
        "print([m for m in ('tensorflow', 'tensorflow_gnn', 'networkx', 'pandas', 'scipy') if m in sys.modules]);"
        "gnnkit.interop.tfgnn, gnnkit.interop.to_networkx, gnnkit.interop.triples, gnnkit.interop.to_scipy;"
        "print([m for m in ('tensorflow_gnn', 'networkx') if m in sys.modules])"  # Keras imports pandas.
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment)
    assert result.stdout.splitlines() == ["[]", "[]"]


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("networkx", lambda: gnnkit.interop.to_networkx(random_graph(0))),
        ("networkx", lambda: gnnkit.interop.from_networkx([])),
        ("pandas", lambda: gnnkit.interop.to_pandas(random_graph(0))),
        ("scipy.sparse", lambda: gnnkit.interop.from_scipy([[1]])),
    ],
)
def test_missing_packages(monkeypatch, package, call):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"needs the package '{package}': pip install gnnkit\[interop\]"):
        call()


def test_missing_tensorflow_gnn(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_gnn", None)
    with pytest.raises(ImportError, match=r"pip install gnnkit\[interop\].*set the environment variable TF_USE_LEGACY"):
        from_tfgnn(random_graph(0))
