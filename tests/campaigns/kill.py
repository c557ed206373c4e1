"""Kills training at random moments and resumes it: the weights at the end are to be, to the last
bit, those of a run that was never killed. `python tests/campaigns/kill.py 50` prints `50 of 50`.

Each kill is SIGKILL to a `workbench train` of its own; recipes take turns, and every third run is
killed twice. What is compared is all that the last and the best checkpoint hold but the clock,
and what the runs told of each step and epoch. The moments are random; their seed is printed.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from recipes import RECIPES, project, uncovered  # beside this script

from workbench.core.events import EpochCompleted, RunStarted, StepCompleted
from workbench.core.project import save_project
from workbench.core.runs import Run

CLOCKS = ("seconds",)  # the only thing that may differ


class Campaign:
    """Runs in a folder of their own, each recipe once without a kill."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._draw = folder, random.Random(seed)
        self.whole = cache(self._whole)

    def _whole(self, name: str) -> tuple[Run, float]:
        """The run that was never killed, and the seconds that it took with its folder made."""
        process, run = self._begun(name)
        begun = time.perf_counter()
        _finish(process, run)
        return run, time.perf_counter() - begun

    def _begun(self, name: str) -> tuple["subprocess.Popen[str]", Run]:
        file, runs = self._folder / "project.workbench", Path(tempfile.mkdtemp(dir=self._folder))
        save_project(project(name, self._folder), file)
        process = _workbench(file, "--runs-dir", runs)
        while not (made := list(runs.glob("*/project.json"))) and process.poll() is None:
            time.sleep(0.01)
        if not made:
            raise RuntimeError(f"no run was made: {process.communicate()[1]}")
        return process, Run(made[0].parent)

    def killed(self, name: str, kills: int) -> tuple[int, str]:
        """Kill a run that often, resume it to its end, and say how often it was killed before it
        ended, and how it differs; empty if it does not."""
        whole, seconds = self.whole(name)
        process, run = self._begun(name)
        left, landed = seconds, 0
        for _ in range(kills):
            wait = self._draw.uniform(0.0, left * 0.95)
            try:
                process.wait(wait)
                left /= 2  # it was faster than the one before: the next is killed sooner
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                landed += 1
            process.communicate()
            process = _workbench("--resume", run.folder)
        _finish(process, run)
        return landed, ", ".join(_differences(run, whole))


def _workbench(*arguments: object) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "workbench", "train", *map(str, arguments)]
    paths = (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _finish(process: "subprocess.Popen[str]", run: Run) -> None:
    _, told = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{run.folder} did not end well: {told}")


def _differences(run: Run, whole: Run) -> Iterator[str]:
    for mine, theirs in ((run.last, whole.last), (run.best, whole.best)):
        ours, wanted = (torch.load(path, weights_only=True) for path in (mine, theirs))
        yield from _different(ours, wanted, mine.stem)
    yield from _different(_told(run), _told(whole), "told")


def _told(run: Run) -> dict[str, Any]:
    """The figures of each step and epoch; what was told of later ones before a resume is void."""
    told: list[StepCompleted | EpochCompleted] = []
    for event in run.events():
        if isinstance(event, RunStarted):
            told = [each for each in told if each.step <= event.step]
        elif isinstance(event, StepCompleted | EpochCompleted):
            told.append(event)
    return {f"{type(each).__name__} {each.step}": _figures(each) for each in told}


def _figures(event: StepCompleted | EpochCompleted) -> Any:
    if isinstance(event, StepCompleted):
        return dict(event.metrics), event.lr
    return dict(event.train), dict(event.val), event.best


def _different(one: Any, other: Any, where: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one.keys() - set(CLOCKS):
            yield from _different(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple) and type(one) is type(other) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _different(*pair, f"{where}[{number}]")
    elif isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        if not torch.equal(one, other):
            yield where
    elif one != other:
        yield where


def main() -> int:
    """Run the campaign; 1 if any run differs."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("runs", type=int, help="how many runs are killed")
    arguments.add_argument("--seed", type=int, help="of the moments; by chance if not told")
    arguments.add_argument("--recipe", help="this one alone")
    options = arguments.parse_args()
    names = [options.recipe] if options.recipe else list(RECIPES)
    if missing := uncovered():
        print(f"no recipe has {', '.join(sorted(missing))}")
        return 1
    seed, same = random.randrange(2**32) if options.seed is None else options.seed, 0
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), seed)
        for number in range(options.runs):
            name, kills = names[number % len(names)], 2 if number % 3 == 2 else 1
            landed, told = 0, ""
            while not landed and not told:  # one that ended first was not killed
                landed, told = campaign.killed(name, kills)
            same += not told
            print(f"{number + 1}: {name}, killed {landed}x: {told or 'the same'}", flush=True)
    print(f"{same} of {options.runs}")
    return int(same < options.runs)


if __name__ == "__main__":
    sys.exit(main())
