"""The operations as generalized ufuncs of NumPy: `out=`, `axis=`, `axes=`, `casting=`, `dtype=`, `__array_ufunc__`, pickling.

They compute in the accuracy "plain". Their gradients have the shape to which operands are broadcast: an operand that was repeated
receives the gradient of each repetition, not their sum. Of types that the library does not have they take the first that holds
them: float16 is computed as float32, for example, except by `cross`.

    >>> import numpy as np
    >>> from crosslane import ufuncs
    >>> ufuncs.cross(np.eye(3), [[0.0], [0.0], [1.0]], axes=[1, 0, 1]).shape
    (3, 3)
    >>> ufuncs.dot.signature
    '(3),(3)->()'
"""

from ._core import ufuncs as _ufuncs

__all__ = [_name for _name in dir(_ufuncs) if not _name.startswith("_")]
globals().update({_name: getattr(_ufuncs, _name) for _name in __all__})
