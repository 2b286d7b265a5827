"""Reading features as inputs of updates, with errors that name what is missing."""

from collections.abc import Sequence
from typing import Any

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph._missing import MissingError

FeatureName = str | Sequence[str] | None


def read_features(piece: Any, name: FeatureName, what: str, argument: str) -> Any:
    """One feature for a str, a dict of features for a sequence, `{}` for None."""
    if name is None:
        return {}
    if isinstance(name, str):
        if name not in piece.features:
            hint = ""
            if name == HIDDEN_STATE:
                hint = " Make it from the input features with gnnkit.keras.layers.MapFeatures before the first update."
            raise MissingError(
                f"{what} has no feature {name!r}, which {argument} asks for; its features are {list(piece.features)}.{hint}"
            )
        return piece.features[name]
    return {n: read_features(piece, n, what, argument) for n in name}


def as_features(state: Any) -> dict[str, Any]:
    """The result of a next-state layer as features to set: a single tensor is the hidden state."""
    return dict(state) if isinstance(state, dict) else {HIDDEN_STATE: state}
