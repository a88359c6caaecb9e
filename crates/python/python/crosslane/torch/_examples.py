"""An example for each function, which is tested with the documentation."""

EXAMPLES = {
    "cross": """
>>> features, unit = torch.ones(2, 3, 4), torch.tensor([0.0, 0.0, 1.0]).reshape(1, 3, 1)
>>> crosslane.torch.cross(features, unit, dim=1)[0, :, 0]
tensor([ 1., -1.,  0.])
""",
    "dot": """
>>> crosslane.torch.dot(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([1.0, 0.0, 2.0]))
tensor([ 7., 16.])
""",
    "cross_norm": """
>>> w1 = torch.tensor([3.0, 0.0, 0.0], requires_grad=True)
>>> area = crosslane.torch.cross_norm(w1, torch.tensor([1.0, 2.0, 0.0]))
>>> area.backward()
>>> w1.grad
tensor([ 2., -1.,  0.])
""",
    "unit_normal": """
>>> crosslane.torch.unit_normal(torch.tensor([3.0, 0.0, 0.0]), torch.tensor([1.0, 2.0, 0.0]))
tensor([0., 0., 1.])
""",
    "angle": """
>>> right = crosslane.torch.angle(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 2.0, 0.0]))
>>> torch.rad2deg(right)
tensor(90.)
""",
    "scalar_triple": """
>>> x, y, z = torch.diag(torch.tensor([2.0, 3.0, 4.0]))
>>> crosslane.torch.scalar_triple(x, y, z)
tensor(24.)
""",
    "vector_triple": """
>>> x, y, _ = torch.eye(3)
>>> crosslane.torch.vector_triple(x, x, y)
tensor([ 0., -1.,  0.])
""",
    "gated_cross": """
>>> gate = torch.tensor([0.5, 2.0], requires_grad=True)
>>> x, y, z = torch.eye(3)
>>> message = crosslane.torch.gated_cross(gate, x, y)
>>> message
tensor([[0.0000, 0.0000, 0.5000],
        [0.0000, 0.0000, 2.0000]], grad_fn=<gated_crossBackward>)
>>> message.sum().backward()
>>> gate.grad
tensor([1., 1.])
""",
    "cross_jvp": """
>>> x, y, z = torch.eye(3)
>>> crosslane.torch.cross_jvp(x, y, z, 2 * x)
tensor([-1.,  0.,  0.])
""",
    "triangle_normals": """
>>> vertices = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]])
>>> crosslane.torch.triangle_normals(vertices, torch.tensor([[0, 1, 2]]))
tensor([[0., 0., 1.]])
""",
    "triangle_areas": """
>>> vertices = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]], requires_grad=True)
>>> crosslane.torch.triangle_areas(vertices, torch.tensor([[0, 1, 2]])).sum().backward()
>>> vertices.grad
tensor([[-1.5000, -1.0000,  0.0000],
        [ 1.5000,  0.0000,  0.0000],
        [ 0.0000,  1.0000,  0.0000]])
""",
    "vertex_normals": """
>>> vertices = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]])
>>> crosslane.torch.vertex_normals(vertices, torch.tensor([[0, 1, 2]]))[0]
tensor([0., 0., 1.])
""",
    "face_normals": """
>>> square = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
>>> crosslane.torch.face_normals(square, torch.tensor([0, 1, 2, 3]), torch.tensor([0]))
tensor([[0., 0., 1.]])
""",
    "face_areas": """
>>> square = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
>>> crosslane.torch.face_areas(square, torch.tensor([0, 1, 2, 3]), torch.tensor([0]))
tensor([1.])
""",
    "polygon_vertex_normals": """
>>> square = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
>>> crosslane.torch.polygon_vertex_normals(square, torch.tensor([0, 1, 2, 3]), torch.tensor([0]))[0]
tensor([0., 0., 1.])
""",
}


def section(name):
    """The section of a docstring."""
    lines = f">>> import torch\n>>> import crosslane.torch\n{EXAMPLES.get(name, '').strip()}".splitlines()
    indented = "\n".join(f"    {line}" for line in lines)
    return f"\n    Examples\n    --------\n{indented}\n    "
