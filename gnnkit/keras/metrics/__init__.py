"""Keras metrics: how well true candidates are ranked among others, and the accuracy of logits."""

from gnnkit.keras.metrics._by_query import evaluate_ranking as evaluate_ranking
from gnnkit.keras.metrics._logits import LogitsAccuracy as LogitsAccuracy
from gnnkit.keras.metrics._ranking import NDCG as NDCG
from gnnkit.keras.metrics._ranking import HitsAtK as HitsAtK
from gnnkit.keras.metrics._ranking import MeanReciprocalRank as MeanReciprocalRank
