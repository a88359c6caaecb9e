"""The code of the README runs, at sizes that fit."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_code():
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("block", BLOCKS)
def test_code_of_the_readme_runs(block):
    for package in "dask.array", "torch":
        if package.split(".")[0] in block:
            pytest.importorskip(package)
    scope = {}
    exec(block.replace("4_000_000_000", "40_000").replace("1_000_000", "10_000"), scope)
    if "areas" in scope:
        assert scope["areas"].shape == (40_000,)
    elif "message" in scope:
        import torch
        from crosslane.torch import uninstall

        assert uninstall()
        gate, vectors, unit = (scope[name].detach() for name in ("gate", "vectors", "unit"))
        assert torch.allclose(scope["message"], gate.unsqueeze(1) * torch.linalg.cross(vectors, unit, dim=1), atol=1e-5)
    else:
        assert np.array_equal(scope["c"], np.cross(scope["a"], scope["b"]))
