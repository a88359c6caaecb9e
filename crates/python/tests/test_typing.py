"""The stubs say what there is, and type checkers understand them."""

import inspect
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from make_stubs import stubs, torch_stubs, ufunc_stubs

import crosslane

HERE = Path(__file__).parent
USES = HERE / "typed_uses.py"
WRONG = """
import crosslane
crosslane.cross([1.0, 0.0, 0.0])
crosslane.cross([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], accuracy="exact")
crosslane.dot([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], -1)
crosslane.set_threads("many")
crosslane.no_such_operation([1.0, 0.0, 0.0])
crosslane.ufuncs.no_such_operation
"""


def check(tool, file, folder):
    # The installed package is what is checked, from a folder without it.
    command = [sys.executable, "-m", *tool, str(file)]
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


TOOLS = {"mypy": ["mypy", "--strict", "--no-incremental"], "pyright": ["pyright", "--pythonpath", sys.executable]}


@pytest.mark.parametrize("tool", TOOLS)
def test_type_checkers_accept_uses_and_find_what_is_wrong(tool, tmp_path):
    pytest.importorskip(tool)
    right = check(TOOLS[tool], USES, tmp_path)
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    found = check(TOOLS[tool], wrong, tmp_path)
    lines = {int(line) for line in re.findall(r"wrong\.py:(\d+)", found.stdout)}
    assert lines == {3, 4, 5, 6, 7, 8}, found.stdout + found.stderr


def test_the_uses_run():
    runpy.run_path(str(USES))


def test_stubs_are_those_of_the_table():
    installed = Path(crosslane.__file__).parent
    assert (installed / "__init__.pyi").read_text() == stubs(), "run: python tests/make_stubs.py"
    assert (installed / "ufuncs.pyi").read_text() == ufunc_stubs(), "run: python tests/make_stubs.py"
    assert (installed / "torch" / "__init__.pyi").read_text() == torch_stubs(), "run: python tests/make_stubs.py"


@pytest.mark.parametrize("name", [name for name in crosslane.__all__ if inspect.isroutine(getattr(crosslane, name))])
def test_stubs_have_the_parameters_of_the_functions(name):
    text = stubs()
    found = re.search(rf"def {name}\((.*)\) ->", text)
    assert found, f"{name} has no stub"
    parameters = re.findall(r"(?:^|, )(\w+):", re.sub(r"\[[^\[\]]*\]", "", re.sub(r"\[[^\[\]]*\]", "", found[1])))
    assert parameters == list(inspect.signature(getattr(crosslane, name)).parameters)
