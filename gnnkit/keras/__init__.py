"""Keras models and layers over graphs."""

from gnnkit.keras import layers as layers
from gnnkit.keras import metrics as metrics
from gnnkit.keras._builder import ConvGNNBuilder as ConvGNNBuilder
from gnnkit.keras._initializers import clone_initializer as clone_initializer
from gnnkit.keras._input import Input as Input
from gnnkit.keras._model import Model as Model
from gnnkit.keras._trim import explain_trimming as explain_trimming
from gnnkit.keras._trim import trim_to_roots as trim_to_roots
