"""Kills training at random moments and resumes it: the weights at the end are to be, to the last
bit, those of a run that was never killed. `python tests/campaigns/kill.py 50` prints `50 of 50`.

Each kill is SIGKILL to a `workbench train` of its own; recipes take turns, and every third run is
killed twice. What is compared is all that the last and the best checkpoint hold but the clock.
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

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project, save_project
from workbench.core.runs import Run
from workbench.core.train import TrainConfig
from workbench.core.transform import TransformSpec

ADAM = {"optimizer": {"type": "Adam"}, "lr": 0.002}
CLOCKS = ("seconds",)  # the only thing that may differ
RECIPES: dict[str, dict[str, Any]] = {
    "Adam": ADAM,
    "SGD with Nesterov, StepLR, warm-up": {
        "optimizer": {"type": "SGD", "momentum": 0.9, "nesterov": True},
        "scheduler": {"type": "StepLR", "step_size": 3, "gamma": 0.7},
        "warmup_steps": 90,
        "lr": 0.02,
    },
    "AdamW, OneCycleLR, averaged weights": {
        "optimizer": {"type": "AdamW"},
        "scheduler": {"type": "OneCycleLR"},
        "ema_decay": 0.99,
        "lr": 0.005,
    },
    "RMSprop, ReduceLROnPlateau": {
        "optimizer": {"type": "RMSprop", "momentum": 0.5},
        "scheduler": {"type": "ReduceLROnPlateau", "patience": 1},
        "lr": 0.001,
    },
    "Adagrad, MultiStepLR, accumulated and clipped": {
        "optimizer": {"type": "Adagrad"},
        "scheduler": {"type": "MultiStepLR", "milestones": (4, 9)},
        "accumulate": 3,
        "max_norm": 0.5,
        "lr": 0.01,
    },
    "Muon, CosineAnnealingLR": {
        "optimizer": {"type": "Muon"},
        "scheduler": {"type": "CosineAnnealingLR"},
        "lr": 0.002,
    },
    "LBFGS": {"optimizer": {"type": "LBFGS", "max_iter": 3, "history_size": 5}, "lr": 0.3},
    "SGD, CosineAnnealingWarmRestarts, bf16": {
        "optimizer": {"type": "SGD"},
        "scheduler": {"type": "CosineAnnealingWarmRestarts", "T_0": 3},
        "precision": "bf16",
        "lr": 0.05,
    },
    "Adam, ExponentialLR, patience": {
        **ADAM,
        "scheduler": {"type": "ExponentialLR", "gamma": 0.95},
        "patience": 4,
    },
    "Adam, crops, turns and noise": {**ADAM, "prepare": ("RandomCrop", "RandomRotation")},
    "Adam, MixUp": {**ADAM, "prepare": ("MixUp",)},
}
SHORTER = {"LBFGS": 4}
EPOCHS = 12


def project(name: str) -> Project:
    """A recipe on the digits, with a network that draws random numbers and keeps statistics."""
    layers = [
        LayerSpec.named("Conv2d")(out_channels=8, padding=1),
        LayerSpec.named("BatchNorm2d")(),
        LayerSpec.named("ReLU")(),
        LayerSpec.named("Flatten")(),
        LayerSpec.named("Linear")(out_features=24),
        LayerSpec.named("Dropout")(p=0.2),
        LayerSpec.named("Linear")(out_features=10),
    ]
    recipe = dict(RECIPES[name])
    prepare = tuple(TransformSpec.named(kind)() for kind in recipe.pop("prepare", ()))
    return Project(
        model=ModelSpec(layers=tuple(layers)),
        data=DatasetSpec.named("Digits")(prepare=prepare),
        train=TrainConfig.model_validate(
            {
                "loss": {"type": "CrossEntropyLoss"},
                "batch_size": 32,
                "epochs": SHORTER.get(name, EPOCHS),
                "deterministic": True,
                "threads": 1,
                **recipe,
            }
        ),
    )


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
        save_project(project(name), file)
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
    arguments.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments.add_argument("--recipe", help="this one alone")
    options = arguments.parse_args()
    names = [options.recipe] if options.recipe else list(RECIPES)
    same = 0
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), options.seed)
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
