"""TF-GNN's names for the types in its signatures, for programs that annotate with them."""

from collections.abc import Mapping

import tensorflow as tf

SetType = str  # "context", "nodes" or "edges"
SetName = str
NodeSetName = str
EdgeSetName = str
FieldName = str
IncidentNodeTag = int  # SOURCE, TARGET, or another tag of a HyperAdjacency
IncidentNodeOrContextTag = int | str  # the same, or CONTEXT

Field = tf.Tensor | tf.RaggedTensor
Fields = Mapping[FieldName, Field]
FieldOrFields = Field | Fields
FieldSpec = tf.TensorSpec | tf.RaggedTensorSpec
FieldsSpec = Mapping[FieldName, FieldSpec]
