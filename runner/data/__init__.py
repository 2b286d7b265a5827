"""Providers of datasets, and the way from their elements to batches for training."""

from gnnkit.runner.data._providers import PassthruDatasetProvider as PassthruDatasetProvider
from gnnkit.runner.data._providers import SimpleDatasetProvider as SimpleDatasetProvider
from gnnkit.runner.data._providers import TFRecordDatasetProvider as TFRecordDatasetProvider
