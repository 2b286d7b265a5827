"""Where each value of a config came from."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

KeyPath = tuple[str | int, ...]


def dotted(path: KeyPath) -> str:
    """`("sampling", "hops", 0)` as `sampling.hops[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "the config"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """The file, the lines and the command-line overrides behind the values of a config.

    file: the config file as the user named it; None for a config made in Python.
    lines: path of a value -> its line, from 1.
    overrides: path of a value -> the override (`a.b=c`) that set it.
    """

    # Two configs of the same values are equal, wherever these came from.
    file: str | None = dataclasses.field(default=None, compare=False)
    lines: Mapping[KeyPath, int] = dataclasses.field(default_factory=dict, compare=False)
    overrides: Mapping[KeyPath, str] = dataclasses.field(default_factory=dict, compare=False)

    @property
    def directory(self) -> Path:
        """The folder that relative paths of inputs start from."""
        return Path(self.file).parent if self.file else Path()

    def has(self, path: KeyPath) -> bool:
        """Whether the file or an override gives this very key."""
        return path in self.lines or path in self.overrides

    def where(self, path: KeyPath) -> str:
        """`FILE:LINE` or `--set a.b=c` for the value at `path`, or for what holds it; empty if nothing is known."""
        for length in range(len(path), -1, -1):
            head = path[:length]
            if head in self.overrides:
                return f"--set {self.overrides[head]}"
            if head in self.lines and self.file:
                return f"{self.file}:{self.lines[head]}"
        return self.file or ""
