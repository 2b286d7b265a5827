"""Contrastive learning of representations without labels: corruptions of graphs, losses and metrics."""

from gnnkit.models.contrastive_losses._corruption_spec import CorruptionSpec as CorruptionSpec
from gnnkit.models.contrastive_losses._corruptor import Corruptor as Corruptor
from gnnkit.models.contrastive_losses._corruptors import DropoutFeatures as DropoutFeatures
from gnnkit.models.contrastive_losses._corruptors import ShuffleFeaturesGlobally as ShuffleFeaturesGlobally
from gnnkit.models.contrastive_losses._layers import DeepGraphInfomaxLogits as DeepGraphInfomaxLogits
from gnnkit.models.contrastive_losses._layers import (
    TripletEmbeddingSquaredDistances as TripletEmbeddingSquaredDistances,
)
from gnnkit.models.contrastive_losses._loss_classes import BarlowTwinsLoss as BarlowTwinsLoss
from gnnkit.models.contrastive_losses._loss_classes import TripletLoss as TripletLoss
from gnnkit.models.contrastive_losses._loss_classes import VicRegLoss as VicRegLoss
from gnnkit.models.contrastive_losses._losses import barlow_twins_loss as barlow_twins_loss
from gnnkit.models.contrastive_losses._losses import triplet_loss as triplet_loss
from gnnkit.models.contrastive_losses._losses import vicreg_loss as vicreg_loss
from gnnkit.models.contrastive_losses._metrics import coherence as coherence
from gnnkit.models.contrastive_losses._metrics import numerical_rank as numerical_rank
from gnnkit.models.contrastive_losses._metrics import pseudo_condition_number as pseudo_condition_number
from gnnkit.models.contrastive_losses._metrics import rankme as rankme
from gnnkit.models.contrastive_losses._metrics import self_clustering as self_clustering
from gnnkit.models.contrastive_losses._svd_metrics import AllSvdMetrics as AllSvdMetrics
from gnnkit.models.contrastive_losses._task import ContrastiveLossTask as ContrastiveLossTask
from gnnkit.models.contrastive_losses._tasks import BarlowTwinsTask as BarlowTwinsTask
from gnnkit.models.contrastive_losses._tasks import DeepGraphInfomaxTask as DeepGraphInfomaxTask
from gnnkit.models.contrastive_losses._tasks import TripletLossTask as TripletLossTask
from gnnkit.models.contrastive_losses._tasks import VicRegTask as VicRegTask
