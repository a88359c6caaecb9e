"""Examples in docstrings give what they say, and every operation has one."""

import doctest
import inspect
import pkgutil
import subprocess
import sys

import pytest

import crosslane
from crosslane._examples import EXAMPLES

MODULES = ["crosslane"] + [f"crosslane.{module.name}" for module in pkgutil.iter_modules(crosslane.__path__) if module.name != "_core"]
# The modules that want other packages: these, what they are called, and how many lines of examples each operation has at least.
OPTIONAL = {
    "crosslane.dask": (["dask", "dask.array"], "Dask", 5),
    "crosslane.xarray": (["xarray"], "xarray", 4),
    "crosslane.arrow": (["pyarrow"], "pyarrow", 4),
    "crosslane.torch": (["torch"], "PyTorch", 2),
    "crosslane.jax": (["jax"], "JAX", 8),
}
FUNCTIONS = [name for name in crosslane.__all__ if inspect.isroutine(getattr(crosslane, name)) or inspect.isclass(getattr(crosslane, name))]


def failures(name, value, module):
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder(recurse=False).find(value, name, module=module, globs={"__name__": name}):
        runner.run(test)
    return runner.summarize(verbose=False)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_examples_of_functions_are_right(name):
    results = failures(name, getattr(crosslane, name), False)
    assert results.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_modules_are_right(name):
    module = pytest.importorskip(name, exc_type=ImportError) if name.count(".") else crosslane
    failed, tried = doctest.testmod(module)
    assert failed == 0
    if name in OPTIONAL:
        # Several for each of the operations, which are not written out there.
        _, _, each = OPTIONAL[name]
        assert tried > each * len(set(module.__all__) & {operation.name for operation in crosslane.operations()})


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_missing_package_is_explained(name):
    packages, called, _ = OPTIONAL[name]
    hidden = "".join(f"sys.modules[{package!r}] = " for package in packages)
    program = f"import sys; {hidden}None; import {name}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    extra = name.removeprefix("crosslane.")
    assert f'ImportError: {name} needs {called}: pip install "crosslane[{extra}]"' in done.stderr


def test_every_operation_has_an_example_and_a_formula():
    for operation in crosslane.operations():
        doc = getattr(crosslane, operation.name).__doc__
        assert ">>> " in doc and operation.formula in doc, operation.name
        for section in "Parameters", "Returns", "Raises", "Notes", "Examples":
            assert f"{section}\n" in doc, f"{operation.name} has no section {section}"
    assert set(EXAMPLES) == {operation.name for operation in crosslane.operations()} - {"cross"}
