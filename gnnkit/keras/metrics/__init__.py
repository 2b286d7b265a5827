"""Keras metrics of predicted links: how well true ones are ranked among candidates."""

from gnnkit.keras.metrics._by_query import evaluate_ranking as evaluate_ranking
from gnnkit.keras.metrics._ranking import NDCG as NDCG
from gnnkit.keras.metrics._ranking import HitsAtK as HitsAtK
from gnnkit.keras.metrics._ranking import MeanReciprocalRank as MeanReciprocalRank
