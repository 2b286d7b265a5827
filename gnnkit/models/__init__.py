"""The model collection: one package a paper or family."""

from gnnkit.models import gcn as gcn
from gnnkit.models import vanilla_mpnn as vanilla_mpnn
