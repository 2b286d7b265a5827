"""Which explanations are made."""

from typing import Literal, get_args

from gnnkit.runner.config._base import Count, Number, Positive, Section, Switch, Text, Value

BaselineName = Literal["zero", "mean", "random"]
ExplainerName = Literal["integrated_gradients", "gnn_explainer", "attention"]


BASELINES: tuple[str, ...] = get_args(BaselineName)
# One of them, or a value of the table: a number, a text, or the numbers of a vector.
Baseline = Value | Number | tuple[Number, ...]


class Attribution(Section):
    """What the predictions rest on: which features, nodes and edges."""

    enabled: Switch = True
    """Whether a run explains some of its predictions."""

    explainer: ExplainerName = "integrated_gradients"
    """`integrated_gradients`: how much each feature adds to the score. `gnn_explainer`: the edges and features that the
    prediction needs. `attention`: the coefficients of attention layers, for models that have them."""

    baseline: BaselineName | dict[Text, Baseline] = "zero"
    """What integrated gradients count from: `zero` vectors (the mean of numbers, as far as these are standardized),
    the `mean` over the explained subgraphs, or `random` values between the least and the largest. Or for each input, as
    `set.input`, one of these or a value in the units of the table: a number, a text, the numbers of a vector. Inputs that
    are not named have `zero`."""

    steps: Count = 32
    """Points of integrated gradients on the way from the baseline to the input; more are more exact."""

    epochs: Count = 100
    """Epochs in which `gnn_explainer` trains its masks."""

    learning_rate: Positive = 0.05
    """Of the masks of `gnn_explainer`."""

    num_examples: Count = 64
    """Test nodes whose predictions are explained."""

    top: Count = 10
    """Features that the summary lists."""
