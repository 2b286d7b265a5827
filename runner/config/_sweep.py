"""Several runs from one config."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from gnnkit.runner.config._base import Count, Number, Section, Switch, Text, Whole


class Range(Section):
    """Numbers between two ends, for random search."""

    low: Number
    """The least value."""

    high: Number
    """The largest value."""

    log: Switch = False
    """Whether small numbers are as likely as large ones: the logarithm is drawn evenly. Both ends must be above 0."""

    whole: Switch = False
    """Whether only whole numbers are drawn."""

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"expected low < high, got low {self.low:g} and high {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"expected low above 0 with log, got {self.low:g}")
        return self


class Sweep(Section):
    """Runs for several values of the config, with a table of results at the end. A sweep that was stopped goes on."""

    parameters: Annotated[dict[Text, Annotated[tuple[Any, ...], Field(min_length=1)] | Range], Field(min_length=1)]
    """Dotted key of the config, as after `--set` (`model.units`), -> list of values, or `{low: ..., high: ...}`."""

    method: Literal["grid", "random"] = "grid"
    """`grid`: every combination of the listed values. `random`: `num_runs` combinations, drawn at random."""

    num_runs: Count = 10
    """How many combinations `random` draws."""

    seed: Whole = 0
    """The seed of the draws."""

    metric: Text | None = None
    """Orders the results, as `part.name`; the best run is the first. By default the main metric of the validation part,
    such as `valid.accuracy` for classes."""

    @model_validator(mode="after")
    def _grid_has_lists(self) -> "Sweep":
        if self.method == "grid":
            for key, values in self.parameters.items():
                if isinstance(values, Range):
                    raise ValueError(
                        f"{key} has a range, which 'grid' cannot go through; list its values, or set method: random"
                    )
        return self
