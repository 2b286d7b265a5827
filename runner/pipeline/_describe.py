"""A finished run, told."""

import dataclasses
import html
import json
from pathlib import Path
from typing import Any, final

from gnnkit.runner.pipeline._artefacts import REPORT


@final
@dataclasses.dataclass(frozen=True)
class Description:
    """Shows the report of a run in a notebook, and its figures as text elsewhere. folder: of the run."""

    folder: Path

    def _summary(self) -> dict[str, Any]:
        path = self.folder / "summary.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def _repr_html_(self) -> str:
        path = self.folder / REPORT
        if not path.is_file():
            return f"<pre>{html.escape(repr(self))}</pre>"
        # A frame, so that the report's style does not spread over the notebook.
        page = html.escape(path.read_text(encoding="utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 40rem; border: 0"></iframe>'

    def __repr__(self) -> str:
        summary = self._summary()
        if not summary:
            return f"A run in {self.folder}, without a summary."
        lines = [
            f"{summary['name']}: {summary['epochs']} epochs, {summary['parameters']:,} weights, seed {summary['seed']}"
        ]
        for kind in ("nodes", "edges", "split"):
            counts = ", ".join(f"{name} {count:,}" for name, count in summary["graph"][kind].items())
            lines.append(f"{kind}: {counts}")
        for part, values in summary["metrics"].items():
            lines.append(f"{part}: " + ", ".join(f"{name} {value:.4f}" for name, value in sorted(values.items())))
        top = summary["attribution"].get("top", [])
        lines += [f"{score['share']:6.1%}  {score['feature']}" for score in top]
        lines += [f"note: {note}" for note in summary["notes"]]
        return "\n".join([*lines, f"report: {self.folder / REPORT}"])
