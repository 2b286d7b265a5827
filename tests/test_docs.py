"""The examples of docs/ run as they stand, from the top of a page to its end."""

import importlib.util
import pathlib
import re
import warnings

import keras
import pytest

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
pages = pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])


@pytest.fixture
def tensorflow_gnn():
    """Loaded beforehand, since it warns."""
    if importlib.util.find_spec("tensorflow_gnn") is None:
        pytest.skip("needs the extra 'interop': pip install gnnkit[interop]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("tensorflow_gnn")


@pages
def test_examples(page, tmp_path, monkeypatch, tensorflow_gnn):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    try:
        for block in re.finditer(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
            line = block.string.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], page, "exec"), names)
    finally:
        keras.config.set_dtype_policy("float32")
    assert names.keys() > {"__name__", "__builtins__"}


@pages
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (page.parent / link).exists(), link
