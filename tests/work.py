"""Work counted, not timed: the same on any machine, however busy it is."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import workbench

OURS = str(Path(workbench.__file__).parent)


def work(do: Callable[[], object]) -> int:
    """How many functions of the program are called in this thread while `do` runs."""
    count = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            count += 1

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count


def grows_evenly(work_of: Callable[[int], int], size: int) -> bool:
    """Whether twice the size is about twice the work; what looks at all from each takes four times
    as much."""
    once = work_of(size)
    assert once >= 1
    return work_of(2 * size) < 2.5 * once
