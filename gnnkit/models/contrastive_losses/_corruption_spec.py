"""Which features to corrupt, and how much."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import keras

T = TypeVar("T")
ALL = "*"


@keras.saving.register_keras_serializable("gnnkit")
@dataclasses.dataclass(frozen=True)
class CorruptionSpec(Generic[T]):
    """For each feature, the parameter of its corruption, such as a rate.

    node_set_corruption, edge_set_corruption: set name -> feature name -> parameter.
    context_corruption: feature name -> parameter.

    The name `"*"` stands for the features, or sets, that are not named. A set that is named is not subject to the `"*"` of
    set names, even for features that it does not name.

    >>> spec = CorruptionSpec(context_corruption={"label": 0.0, "*": 1.0})
    >>> spec.with_default(0.5).node_set_corruption
    {'*': {'*': 0.5}}
    """

    node_set_corruption: Mapping[str, Mapping[str, T]] = dataclasses.field(default_factory=dict)
    edge_set_corruption: Mapping[str, Mapping[str, T]] = dataclasses.field(default_factory=dict)
    context_corruption: Mapping[str, T] = dataclasses.field(default_factory=dict)

    def with_default(self, default: T) -> "CorruptionSpec[T]":
        """The spec with `default` for each `"*"` that it lacks."""

        def of_sets(sets: Mapping[str, Mapping[str, T]]) -> dict[str, dict[str, T]]:
            return {name: {ALL: default, **features} for name, features in {ALL: {}, **sets}.items()}

        return CorruptionSpec(
            of_sets(self.node_set_corruption),
            of_sets(self.edge_set_corruption),
            {ALL: default, **self.context_corruption},
        )

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CorruptionSpec":
        return cls(**config)
