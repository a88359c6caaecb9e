"""Settings of the tests, and which versions they run with."""

import crosslane
import hypothesis
import numpy as np

# A failure prints what reproduces it. Times are not bounded: the machine is shared.
hypothesis.settings.register_profile("crosslane", deadline=None, max_examples=300, print_blob=True, database=None)
hypothesis.settings.load_profile("crosslane")


def pytest_report_header():
    return f"crosslane {crosslane.__version__} from {crosslane.__path__[0]}, numpy {np.__version__}"
