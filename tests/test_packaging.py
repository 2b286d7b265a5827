"""What is built is what lies in the folders: setuptools takes only packages that pyproject.toml names."""

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
# Folders of code below gnnkit/ that git holds as links to the top-level folders.
LINKS = ("runner", "samplers", "schemas")


def packages_on_disk() -> list[str]:
    found = []
    for package, folder in SETUPTOOLS["package-dir"].items():
        for init in (ROOT / folder).rglob("__init__.py"):
            below = init.parent.relative_to(ROOT / folder).parts
            if package == "gnnkit" and below[:1] and below[0] in LINKS:
                continue
            found.append(".".join((package, *below)))
    return sorted(found)


def test_every_package_is_listed():
    listed, found = SETUPTOOLS["packages"], packages_on_disk()
    assert listed == found, (
        f"[tool.setuptools] packages in pyproject.toml lacks {sorted({*found} - {*listed})} and has "
        f"{sorted({*listed} - {*found})} too much. To write it anew: `python tests/test_packaging.py`."
    )


def test_every_folder_of_code_is_a_package():
    """A folder with Python files and no `__init__.py` would work here and be absent from a wheel."""
    for folder in SETUPTOOLS["package-dir"].values():
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), f"{path.parent} holds {path.name} but no __init__.py."


@pytest.mark.parametrize("name", LINKS)
def test_links(name):
    link = ROOT / "gnnkit" / name
    assert link.resolve() == ROOT / name, f"gnnkit/{name} must be a link: ln -s ../{name} gnnkit/{name}"


def test_one_version():
    import gnnkit

    assert gnnkit.__version__ == PROJECT["project"]["version"]


def test_newest_version_has_a_changelog_entry():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text or f"## [{PROJECT['project']['version']}]" in text


def test_dependencies_are_said_in_the_readme():
    """Each dependency of the core has its line in the README saying what it is for."""
    readme = (ROOT / "README.md").read_text().lower()
    if not readme:
        pytest.skip("README.md is empty")
    for requirement in PROJECT["project"]["dependencies"]:
        name = requirement.split(">")[0]
        assert name in readme, f"README.md does not say what {name} is for."


def test_wheel_holds_all_code_and_data(tmp_path):
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("needs setuptools in this environment: builds in isolation would fetch it")
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for folder in SETUPTOOLS["package-dir"].values():
        # Without the links, as a checkout without symbolic links has it.
        ignore = shutil.ignore_patterns("__pycache__", *(LINKS if folder == "gnnkit" else ()))
        shutil.copytree(ROOT / folder, source / folder, ignore=ignore)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", build, tmp_path], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    expected = {"gnnkit/py.typed"}
    for package, folder in SETUPTOOLS["package-dir"].items():
        for path in (source / folder).rglob("*"):
            if path.suffix in (".py", ".pyi", ".proto", ".pbtxt") or path.name == "py.typed":
                expected.add(package.replace(".", "/") + "/" + path.relative_to(source / folder).as_posix())
    assert held == expected


def write_packages() -> None:
    path = ROOT / "pyproject.toml"
    lines = "".join(f'  "{name}",\n' for name in packages_on_disk())
    path.write_text(re.sub(r"(?m)^packages = \[\n[^\]]*\]", f"packages = [\n{lines}]", path.read_text(), count=1))


if __name__ == "__main__":
    write_packages()
