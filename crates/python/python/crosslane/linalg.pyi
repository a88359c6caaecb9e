from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

def cross(x1: ArrayLike, x2: ArrayLike, /, *, axis: int | np.integer[Any] = -1) -> NDArray[Any]: ...
