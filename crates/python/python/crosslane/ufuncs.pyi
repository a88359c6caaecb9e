# Written by tests/make_stubs.py from the table of operations.
import numpy as np

cross: np.ufunc
dot: np.ufunc
cross_norm: np.ufunc
unit_normal: np.ufunc
angle: np.ufunc
scalar_triple: np.ufunc
vector_triple: np.ufunc
gated_cross: np.ufunc
cross_jvp: np.ufunc
cross_vjp: np.ufunc
cross_vjp_vjp: np.ufunc
dot_vjp: np.ufunc
cross_norm_vjp: np.ufunc
unit_normal_vjp: np.ufunc
angle_vjp: np.ufunc
scalar_triple_vjp: np.ufunc
vector_triple_vjp: np.ufunc
gated_cross_vjp: np.ufunc
