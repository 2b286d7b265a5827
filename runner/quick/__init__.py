"""`gnnkit.train`: from a graph and the name of a label to a trained model, by a config that it writes itself."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.runner.quick._train import load as load
    from gnnkit.runner.quick._train import train as train

__getattr__, __dir__, __all__ = attach(
    __name__, {"load": "gnnkit.runner.quick._train", "train": "gnnkit.runner.quick._train"}
)
