"""An example for each operation, which is tested with the documentation."""

EXAMPLES = {
    "dot": """
>>> crosslane.dot([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [1.0, 0.0, 2.0])
array([ 7., 16.])
""",
    "cross_norm": """
>>> print(crosslane.cross_norm([3.0, 0.0, 0.0], [1.0, 2.0, 0.0]))
6.0
""",
    "unit_normal": """
>>> crosslane.unit_normal([3.0, 0.0, 0.0], [1.0, 2.0, 0.0])
array([0., 0., 1.])
""",
    "angle": """
>>> degrees = crosslane.angle([1.0, 0.0, 0.0], [[0.0, 2.0, 0.0], [-1.0, 0.0, 0.0]]) * 57.29577951308232
>>> print(degrees.round(6))
[ 90. 180.]
""",
    "scalar_triple": """
>>> print(crosslane.scalar_triple([2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0]))
24.0
""",
    "vector_triple": """
>>> crosslane.vector_triple([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
array([ 0., -1.,  0.])
""",
    "gated_cross": """
>>> crosslane.gated_cross([0.5, 0.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
array([[-1.5,  3. , -1.5],
       [-0. ,  0. , -0. ]])
""",
    "cross_jvp": """
>>> crosslane.cross_jvp([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [2.0, 0.0, 0.0])
array([-1.,  0.,  0.])
""",
    "cross_vjp": """
>>> grad_w, grad_x = crosslane.cross_vjp([1.0, 2.0, 3.0], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
>>> grad_w
array([ 0., -1., -1.])
>>> grad_x
array([[-2.,  1.,  0.],
       [ 0., -3.,  2.]])
""",
    "cross_vjp_vjp": """
>>> a, b, g = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
>>> grad_a, grad_b, grad_g = crosslane.cross_vjp_vjp(a, b, g, [0.0, 0.0, 1.0], [2.0, 0.0, 0.0])
>>> grad_g
array([-1.,  0.,  0.])
""",
    "dot_vjp": """
>>> grad_a, grad_b = crosslane.dot_vjp([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], 2.0)
>>> grad_a
array([ 8., 10., 12.])
""",
    "cross_norm_vjp": """
>>> grad_a, grad_b = crosslane.cross_norm_vjp([3.0, 0.0, 0.0], [1.0, 2.0, 0.0], 1.0)
>>> grad_a
array([ 2., -1.,  0.])
""",
    "unit_normal_vjp": """
>>> grad_a, grad_b = crosslane.unit_normal_vjp([1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 0.0])
>>> grad_a
array([ 0.,  0., -1.])
""",
    "angle_vjp": """
>>> grad_a, grad_b = crosslane.angle_vjp([2.0, 0.0, 0.0], [0.0, 1.0, 0.0], 1.0)
>>> grad_a
array([ 0. , -0.5,  0. ])
""",
    "scalar_triple_vjp": """
>>> grad_a, grad_b, grad_c = crosslane.scalar_triple_vjp([2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0], 1.0)
>>> grad_a
array([12.,  0.,  0.])
""",
    "vector_triple_vjp": """
>>> w, r, g = [0.0, 0.0, 2.0], [3.0, 0.0, 1.0], [1.0, 0.0, 0.0]
>>> grad_a, grad_b, grad_c = crosslane.vector_triple_vjp(w, w, r, g)
>>> grad_a
array([ 0.,  0., -6.])
""",
    "gated_cross_vjp": """
>>> a, b, g = [[1.0, 0.0, 0.0]] * 2, [[0.0, 1.0, 0.0]] * 2, [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]
>>> grad_gate, grad_a, grad_b = crosslane.gated_cross_vjp(0.5, a, b, g)
>>> print(grad_gate)
3.0
""",
}
