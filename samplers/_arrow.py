"""Arrow's compute functions, which it makes at import, so that type checkers do not know them."""

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
