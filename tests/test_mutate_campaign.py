"""A short campaign of damaged files; `python tests/campaigns/mutate.py 10000` is the long one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_cli import environment

SCRIPT = Path(__file__).parent / "campaigns" / "mutate.py"
FORMATS = 9


@pytest.mark.timeout(330)  # a start of torch
def test_damaged_files_are_loaded_or_told_in_a_sentence_and_run_nothing(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "25"],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == FORMATS
    for line in lines:
        counts = [int(word) for word in line.partition(": ")[2].split() if word.isdecimal()]
        assert sum(counts) == 25, line
