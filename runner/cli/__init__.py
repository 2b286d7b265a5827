"""The command `gnnkit`."""

from gnnkit.runner.cli._main import main as main
