"""One readable message for all that is wrong with a config."""

import dataclasses
import difflib
from collections.abc import Iterable
from typing import Any

from gnnkit.runner.config._source import KeyPath, Source, dotted


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    path: the keys that lead to it.
    message: what came, what was expected, and the way out.
    """

    path: KeyPath
    message: str

    def text(self, source: Source) -> str:
        """One paragraph: where, which key, what."""
        place = source.where(self.path)
        return f"{place}: {dotted(self.path)}: {self.message}" if place else f"{dotted(self.path)}: {self.message}"


class ConfigError(ValueError):
    """The config cannot be run. The text lists every problem; `problems` holds them one by one."""

    def __init__(self, problems: Iterable[Problem], source: Source):
        self.problems = tuple(problems)
        self.source = source
        count = len(self.problems)
        name = source.file or "The config"
        head = f"{name} has {count} problem{'s' if count != 1 else ''}:"
        super().__init__("\n  ".join([head, *(problem.text(source) for problem in self.problems)]))


def listing(values: Iterable[Any], limit: int = 30) -> str:
    """`a, b, c`; long lists are cut and say so."""
    texts = [str(value) for value in values]
    if not texts:
        return "none"
    more = f", ... ({len(texts) - limit} more)" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more


def nearest(came: Any, allowed: Iterable[Any]) -> str:
    """` Did you mean 'x'?`, or nothing where no allowed value is near."""
    texts = [str(value) for value in allowed]
    came = str(came)
    folded = {text.casefold(): text for text in reversed(texts)}
    found = difflib.get_close_matches(came.casefold(), folded, n=1, cutoff=0.6)
    if not found:
        # `dropout` for `dropout_rate`, `epoch` for `num_epochs`: a part of the name, long enough to be meant.
        found = [text for text in folded if len(came) >= 3 and (came.casefold() in text or text in came.casefold())]
    return f" Did you mean {folded[found[0]]!r}?" if found else ""


def unknown(kind: str, came: Any, allowed: Iterable[Any]) -> str:
    """`unknown node set 'papr'. Did you mean 'paper'? Known: author, paper.`"""
    allowed = list(allowed)
    return f"unknown {kind} {came!r}.{nearest(came, allowed)} Known: {listing(allowed)}."
