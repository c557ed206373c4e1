"""A short campaign of kills; `python tests/campaigns/kill.py 50` is the long one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_cli import environment

SCRIPT = Path(__file__).parent / "campaigns" / "kill.py"


@pytest.mark.timeout(330)  # ten starts of torch
def test_runs_that_were_killed_end_as_if_they_never_were(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "2"],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.splitlines()[-1:] == ["2 of 2"], done.stdout + done.stderr
    assert done.returncode == 0
