from typing import Any

from numpy.typing import ArrayLike, NDArray

def cross(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> NDArray[Any]: ...
