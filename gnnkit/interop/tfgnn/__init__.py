"""Exchange with tensorflow-gnn: graphs and specs, both ways, and weights of trained models.

tensorflow-gnn works with Keras 2 only: set the environment variable TF_USE_LEGACY_KERAS=1 before TensorFlow is imported.
gnnkit itself uses Keras 3 all the same.
"""

from gnnkit.interop.tfgnn._graphs import from_tfgnn as from_tfgnn
from gnnkit.interop.tfgnn._graphs import to_tfgnn as to_tfgnn
from gnnkit.interop.tfgnn._weights import transfer_weights as transfer_weights
