"""A plug-in for pytest that puts crosslane's functions in the place of np.cross and np.linalg.cross.

`pytest -p numpy_suite_plugin --pyargs numpy._core.tests.test_numeric` then tests crosslane. Separate from conftest.py because it must
act in another process only. At the end it writes how many calls went through, and the outcomes of the tests, to the file that
the variable CROSSLANE_SUITE_REPORT names.
"""

import collections
import functools
import json
import os

import crosslane
import numpy as np

totals = {"calls": collections.Counter(), "outcomes": collections.Counter()}


def counted(name, function):
    @functools.wraps(function)
    def call(*args, **keywords):
        totals["calls"][name] += 1
        return function(*args, **keywords)

    return call


def pytest_configure():
    np.cross = counted("np.cross", crosslane.cross)
    np.linalg.cross = counted("np.linalg.cross", crosslane.linalg.cross)


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        totals["outcomes"][report.outcome] += 1


def pytest_sessionfinish():
    with open(os.environ["CROSSLANE_SUITE_REPORT"], "w") as file:
        json.dump(totals, file)
