"""Pictures of attributions and training curves. Needs the extra `viz` (matplotlib), which is imported to draw."""

from gnnkit.viz._curves import draw_history as draw_history
from gnnkit.viz._figure import save_figure as save_figure
from gnnkit.viz._scores import draw_explanation as draw_explanation
from gnnkit.viz._scores import draw_scores as draw_scores
