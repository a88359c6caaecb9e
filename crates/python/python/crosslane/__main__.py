"""The program: the console command `crosslane` and `python -m crosslane`."""

import signal
import sys

from . import _core


def main():
    """Run the program with the arguments of this process, and end with its status."""
    # Control-C ends it as it ends any program, also while no Python code runs. (Where it is ignored it stays so.)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    sys.exit(_core.program(["crosslane", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
