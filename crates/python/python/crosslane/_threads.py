"""How many threads large calls are split over."""

import operator
import sys
import threading

from . import _core


def get_threads():
    """Return over how many threads a large call on this thread is split.

    Examples
    --------
    >>> import crosslane
    >>> with crosslane.threads(1):
    ...     crosslane.get_threads()
    1
    """
    return _core.available_threads()


def set_threads(n):
    """Set over how many threads large calls of this process are split, on all of its threads.

    It begins as the environment variable CROSSLANE_NUM_THREADS, else RAYON_NUM_THREADS, else the number of cores that this process
    may use.

    Parameters
    ----------
    n : int
        The number; 1 means that nothing is split. There are never more than four for each core, or 16 where there are fewer than four
        cores.

    Raises
    ------
    ValueError
        If `n` is not positive.
    """
    _core.set_threads(n)


class threads:
    """Limit large calls on the calling thread to `n` threads, in a ``with`` block.

    Other threads of the process are not affected. What runs many calls beside each other (Dask, joblib, a pool of threads) wants 1. A block
    in another cannot raise the limit. A block must not be left and entered by others meanwhile: do not ``await`` in it.

    Parameters
    ----------
    n : int
        The number; 1 means that nothing is split.

    Raises
    ------
    ValueError
        If `n` is not positive.

    Examples
    --------
    >>> import crosslane, numpy as np
    >>> with crosslane.threads(1):
    ...     c = crosslane.cross(np.ones((1000, 3)), [1.0, 0.0, 0.0])
    """

    # The limits that this thread had before the blocks that it is in.
    _thread = threading.local()

    def __init__(self, n):
        n = operator.index(n)
        if n < 1:
            raise ValueError(f"the number of threads must be positive, got {n}")
        self._limit = n

    def __enter__(self):
        outer = _core.limit_this_thread(None)
        # (No limit above the number of threads has an effect.)
        limit = min(self._limit, sys.maxsize)
        _core.limit_this_thread(limit if outer is None else min(limit, outer))
        self._thread.__dict__.setdefault("before", []).append(outer)
        return self

    def __exit__(self, *_):
        _core.limit_this_thread(self._thread.before.pop())
