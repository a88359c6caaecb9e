"""NumPy's own tests of its cross products pass when its functions are swapped by crosslane's."""

import json

from support import python

TESTS = ["numpy._core.tests.test_numeric", "numpy.linalg.tests.test_linalg"]


def test_numpys_own_tests_pass_with_crosslane_in_its_place(tmp_path):
    report = tmp_path / "report.json"
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "numpy_suite_plugin", "-k", "TestCross or test_cross"]
    variables = {"CROSSLANE_SUITE_REPORT": str(report)}
    run = python(*command, "--pyargs", *TESTS, cwd=tmp_path, variables=variables, text=True, timeout=120)
    print(run.stdout, run.stderr)
    assert run.returncode == 0
    totals = json.loads(report.read_text())
    print("through crosslane:", totals)
    assert set(totals["outcomes"]) == {"passed"}, "a test was skipped"
    assert totals["outcomes"]["passed"] >= 9
    assert totals["calls"]["np.cross"] > 0
    assert totals["calls"]["np.linalg.cross"] > 0
