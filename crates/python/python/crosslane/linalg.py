"""The cross product as the Python array API standard has it."""

import numpy as np

from . import _core

__all__ = ["cross"]


def cross(x1, x2, /, *, axis=-1):
    """Return the cross product of 3-vectors: what `numpy.linalg.cross` returns.

    Parameters
    ----------
    x1, x2 : array_like
        Arrays with three components along `axis`, which are broadcast otherwise.
    axis : int, optional
        The axis of the components, in both operands and in the result.

    Returns
    -------
    ndarray
        ``x1 x x2``.

    Raises
    ------
    ValueError
        If there are not three components along `axis`, or the shapes are not broadcast.

    See Also
    --------
    crosslane.cross : with `out` and `accuracy`.

    References
    ----------
    .. [1] https://data-apis.org/array-api/latest/extensions/generated/array_api.linalg.cross.html

    Examples
    --------
    >>> import crosslane
    >>> crosslane.linalg.cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    array([-3.,  6., -3.])
    """
    if not (_core.is_foreign(x1) or _core.is_foreign(x2)):
        x1, x2 = np.asanyarray(x1), np.asanyarray(x2)
        if _components(x1, axis) == _components(x2, axis) == 3:
            return _core.cross(x1, x2, axis=axis)
    # It says what is wrong; its words depend on its version.
    return _numpy_cross(x1, x2, axis=axis)


def _components(array, axis):
    try:
        return array.shape[axis]
    except (TypeError, IndexError):
        return None


# As it was when this was imported.
_numpy_cross = np.linalg.cross
