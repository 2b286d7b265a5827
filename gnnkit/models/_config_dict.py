"""The arguments of a model's graph update as settings: derived from the signature of the update."""

import inspect
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, final

import keras

# Depend on the graph at hand, or are no plain values.
_NO_SETTINGS = ("node_set_names", "edge_feature", "kernel_initializer", "feature_name", "name")


@final
class ConfigDict(MutableMapping[str, Any]):
    """Settings by key or by attribute, `cfg["units"]` or `cfg.units`; None where one must yet be given.

    The keys are fixed: KeyError or AttributeError for another. `ml_collections.ConfigDict(dict(cfg))` makes one of those.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_settings", dict(settings))

    def __getitem__(self, key: str) -> Any:
        return self._settings[self._known(key, KeyError)]

    def __setitem__(self, key: str, value: Any) -> None:
        self._settings[self._known(key, KeyError)] = value

    def __delitem__(self, key: str) -> None:
        raise TypeError(f"The settings are fixed; set {key!r} to None to leave it unset.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Copies and pickles look for methods before there are settings.
            raise AttributeError(name)
        return self._settings[self._known(name, AttributeError)]

    def __setattr__(self, name: str, value: Any) -> None:
        self._settings[self._known(name, AttributeError)] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def __copy__(self) -> "ConfigDict":
        return ConfigDict(self._settings)

    def __repr__(self) -> str:
        return f"ConfigDict({self._settings})"

    def _known(self, key: str, error: type[Exception]) -> str:
        if key not in self._settings:
            raise error(f"There is no setting {key!r}, only {sorted(self._settings)}.")
        return key


def config_dict_functions(
    update: Callable[..., keras.layers.Layer],
) -> tuple[Callable[[], ConfigDict], Callable[..., keras.layers.Layer]]:
    """Makes `graph_update_get_config_dict` and `graph_update_from_config_dict` of a model."""
    name = getattr(update, "__name__", "")

    def graph_update_get_config_dict() -> ConfigDict:
        parameters = inspect.signature(update).parameters.values()
        settings = [p for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in _NO_SETTINGS]
        return ConfigDict({p.name: None if p.default is p.empty else p.default for p in settings})

    def graph_update_from_config_dict(cfg: Mapping[str, Any], node_set_names: Any = None) -> keras.layers.Layer:
        settings = {key: value for key, value in cfg.items() if value is not None}
        if node_set_names is not None:
            settings["node_set_names"] = node_set_names
        return update(**settings)

    graph_update_get_config_dict.__doc__ = (
        f"The arguments of `{name}` that hyperparameter studies set, with their defaults, as a `ConfigDict`."
    )
    graph_update_from_config_dict.__doc__ = (
        f"Makes a `{name}`.\n\n"
        "    cfg: the result of `graph_update_get_config_dict`, or another mapping, such as an\n"
        "        `ml_collections.ConfigDict`; settings that are None are left to their defaults.\n"
        f"    node_set_names: see `{name}`.\n\n"
        "    TypeError: a required argument is missing, or there is no such argument."
    )
    for function in (graph_update_get_config_dict, graph_update_from_config_dict):
        function.__module__, function.__qualname__ = update.__module__, function.__name__
    return graph_update_get_config_dict, graph_update_from_config_dict
