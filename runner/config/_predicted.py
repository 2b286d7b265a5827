"""What is predicted: a class, yes or no, or a number. The half of a task that does not depend on what it is about."""

import abc
from typing import Literal

from gnnkit.runner.config._base import Count, NonNegative, Positive, Rate, Section, Switch, Text, Value


class Supervised(Section, abc.ABC):
    """A task with labels."""

    label: Text
    """The feature that holds what is predicted. Never an input of the model."""

    weight: Positive = 1.0
    """Of the task's loss in the sum of losses, where there are several `tasks`."""


class Classes(Supervised, abc.ABC):
    """One of several classes."""

    label: Text
    """The feature that holds the class: a whole number from 0, or a text. Never an input of the model."""

    classes: Count | tuple[Value, ...] | None = None
    """How many classes there are, or their names in the order of their numbers. By default they are read from the
    labels: numbers count from 0 to the largest, texts are sorted."""

    class_weights: dict[Value, NonNegative] | None = None
    """Class -> factor of the losses of its examples; 1 for classes that are not named."""

    label_smoothing: Rate = 0.0
    """Share of each label that is spread evenly over all classes, in the loss and not in the metrics."""

    per_class_statistics: Switch = False
    """Whether precision and recall of each class are measured besides."""


class YesOrNo(Supervised, abc.ABC):
    """Positive or negative."""

    label: Text
    """The feature that tells positive from negative ones. Never an input of the model."""

    positive: Value = 1
    """The value of the label that counts as positive; every other value is negative."""

    class_weights: dict[Literal["positive", "negative"], NonNegative] | None = None
    """`positive` and `negative` -> factor of the losses of such examples; 1 where not named."""

    label_smoothing: Rate = 0.0
    """How much of each label is moved to one half, in the loss and not in the metrics."""

    recall_at_precisions: tuple[Rate, ...] = ()
    """Precisions for which the best recall is measured besides."""


class Numbers(Supervised, abc.ABC):
    """A number, or a vector of numbers."""

    label: Text
    """The feature that holds the number (or a vector of fixed length); NaN is no label. Never an input of the model."""

    loss: Literal[
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "mean_squared_log_scaled_error",
    ] = "mean_squared_error"
    """The loss. The last two are for numbers that are not negative."""

    standardize: Switch = False
    """Whether the model counts in standard deviations from the mean of the training labels, by which large numbers are
    learned as fast as small ones. Predictions, loss and metrics stay in the units of the label."""

    alpha_loss_param: Positive = 5.0
    """For `mean_squared_log_scaled_error`: weight of the squared difference of logarithms."""

    epsilon_loss_param: Positive = 1e-8
    """For `mean_squared_log_scaled_error`: added to both before the logarithm."""
