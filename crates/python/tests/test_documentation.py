"""Examples in docstrings give what they say, and every operation has one."""

import doctest
import inspect
import pkgutil

import pytest

import crosslane
from crosslane._examples import EXAMPLES

MODULES = ["crosslane"] + [f"crosslane.{module.name}" for module in pkgutil.iter_modules(crosslane.__path__) if module.name != "_core"]
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
    tests = doctest.DocTestFinder().find(module, name, module=module)
    runner = doctest.DocTestRunner()
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_every_operation_has_an_example_and_a_formula():
    for operation in crosslane.operations():
        doc = getattr(crosslane, operation.name).__doc__
        assert ">>> " in doc and operation.formula in doc, operation.name
        for section in "Parameters", "Returns", "Raises", "Notes", "Examples":
            assert f"{section}\n" in doc, f"{operation.name} has no section {section}"
    assert set(EXAMPLES) == {operation.name for operation in crosslane.operations()} - {"cross"}
