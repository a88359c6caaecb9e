"""The console command and ``python -m crosslane`` are the program."""

import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import crosslane

COMMANDS = {
    "console command": [shutil.which("crosslane", path=sysconfig.get_path("scripts")) or "crosslane"],
    "python -m": [sys.executable, "-m", "crosslane"],
}


@pytest.fixture(params=COMMANDS, ids=list(COMMANDS))
def command(request):
    return COMMANDS[request.param]


def run(command, *arguments, folder=None):
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_version_and_help(command):
    assert run(command, "--version").stdout == f"crosslane {crosslane.__version__}\n"
    assert "bench" in run(command, "--help").stdout


def test_files_are_multiplied_as_by_numpy(command, tmp_path):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((1000, 3)), rng.standard_normal((1000, 3))
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    result = run(command, "cross", "a.npy", "b.npy", "-o", "c.npy", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert np.array_equal(np.load(tmp_path / "c.npy"), np.cross(a, b))


def test_what_is_wrong_is_one_line_and_a_status(command, tmp_path):
    missing = run(command, "cross", "a.npy", "b.npy", "-o", "c.npy", folder=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.count("\n") == 1 and "a.npy" in missing.stderr
    assert not Path(tmp_path / "c.npy").exists()
    assert run(command, "no-such-command").returncode == 2


def test_control_c_ends_it_without_a_traceback(command):
    process = subprocess.Popen([*command, "verify", "--cases", "50331648"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        process.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in errors
