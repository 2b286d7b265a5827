"""Providers of datasets, and the way from their elements to batches for training."""

from gnnkit.runner.data._from_store import SampledDatasetProvider as SampledDatasetProvider
from gnnkit.runner.data._providers import PassthruDatasetProvider as PassthruDatasetProvider
from gnnkit.runner.data._providers import SimpleDatasetProvider as SimpleDatasetProvider
from gnnkit.runner.data._providers import TFRecordDatasetProvider as TFRecordDatasetProvider
from gnnkit.runner.data._sampled import PassthruSampleDatasetsProvider as PassthruSampleDatasetsProvider
from gnnkit.runner.data._sampled import SampleTFRecordDatasetsProvider as SampleTFRecordDatasetsProvider
from gnnkit.runner.data._sampled import SimpleSampleDatasetsProvider as SimpleSampleDatasetsProvider
from gnnkit.runner.data._service import TFDataServiceConfig as TFDataServiceConfig
