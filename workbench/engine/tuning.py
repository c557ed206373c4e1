"""What makes a run faster is measured at its start, used if that confirms it, and recorded.

Such a setting may move the last bits of a sum, so a run goes on with what was recorded of it, and
a deterministic run measures nothing.
"""

import copy
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Literal, Self

import torch
from torch import nn

from workbench.core.costs import costs_of
from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.train import NoScheduler, TrainConfig
from workbench.engine import kept_tunings
from workbench.engine.batches import Batch, Batches
from workbench.engine.build import convolves
from workbench.engine.chance import rng_states, set_rng_states
from workbench.engine.machine import available_memory
from workbench.engine.stepper import Measure, Stepper

log = logging.getLogger(__name__)

# Of a run, roughly: below, measuring takes more than it can give.
SHORT_SECONDS, FEW_STEPS = 20.0, 400
TURNS, TURN_SECONDS, MOST_SECONDS = 7, 0.02, 0.25  # of a comparison, and of each side's turn
CONFIRMED = 1.02  # times as fast: less is noise
CALM = 1.5  # times its best is the middle turn of a side, else something else was at work
_MULTIPLY_ADDS, _STEP_SECONDS = 2e10, 3e-4  # a second, and of Python for each step

SETTINGS = ("channels_last", "fused", "precision", "compile")
Why = Literal["deterministic", "short", "memory", "measured", "kept"]
_Step = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the steps of a run are carried out, and why so."""

    channels_last: bool = False
    """Whether images lie in memory pixel by pixel, not channel by channel."""
    fused: bool = False
    """Whether the optimizer takes one pass over the parameters."""
    compile: bool = False
    """Whether the network runs as `torch.compile` made it: only where the recipe wants it."""
    precision: str = "fp32"
    """That of the recipe, or fp32 where bf16 is no faster."""
    why: Why = "measured"
    """`kept` is what was measured before on this machine. Where nothing is measured, as in short
    and deterministic runs and for lack of memory, it is what is usually best."""
    gains: Mapping[str, float] = field(default_factory=dict)
    """How many times as fast a step is with each setting as without it; 0 where it fails."""

    def recipe(self, config: TrainConfig) -> TrainConfig:
        """The recipe as it is carried out."""
        return config.replace(compile=self.compile, precision=self.precision)

    @classmethod
    def recorded(cls, state: Mapping[str, Any]) -> Self | None:
        """What a checkpoint tells of, if it does.

        Raises:
            UserError: it tells of something else.
        """
        try:
            return cls(**state["tuning"]) if "tuning" in state else None
        except TypeError as error:
            raise UserError("The checkpoint can't be used: {reason}.", reason=error) from error


def tuned(network: nn.Module, project: Project, batches: Batches, measure: Measure) -> Tuning:
    """The tuning for a run: measured in half a second, or kept from an earlier run.

    Neither the network nor any random number of the run is touched.
    """
    wanted = _wanted(network, project, batches.device)
    why = _not_measured(network, project, batches)
    if why in ("deterministic", "memory"):
        return replace(wanted, why=why)
    trials = _Trials(network, project, batches, measure)
    # Of a short run what a person asked for is measured alone; to compile takes as long as it.
    if why:
        usual = replace(wanted, why=why, compile=False, precision=_plain(wanted, batches.device))
        return trials.best(wanted, usual, ("precision",))
    key = kept_tunings.key(project, batches)
    try:
        if kept := kept_tunings.read().get(key):
            return Tuning(**{**kept, "why": "kept"})
    except TypeError:  # of another version: it is measured anew
        pass
    found = trials.best(wanted, Tuning(precision=_plain(wanted, batches.device)), SETTINGS)
    if trials.were_calm:  # else the next run measures anew
        kept_tunings.keep(key, found)
    return found


def _plain(wanted: Tuning, device: torch.device) -> str:
    """The precision to compare with: on a CPU bf16 is there for speed alone."""
    is_for_speed = wanted.precision == "bf16" and device.type == "cpu"
    return "fp32" if is_for_speed else wanted.precision


def _wanted(network: nn.Module, project: Project, device: torch.device) -> Tuning:
    """What the recipe asks for, and what is best for most networks."""
    train = project.train
    return Tuning(
        channels_last=convolves(network),
        fused=device.type in train.optimizer.fused_on,
        compile=train.compile,
        precision=train.precision,
    )


def _not_measured(network: nn.Module, project: Project, batches: Batches) -> Why | None:
    if project.train.deterministic:
        return "deterministic"
    if _is_short(project, batches.size("train")):
        return "short"
    held = 16 * sum(parameter.numel() for parameter in network.parameters())
    return "memory" if 2 * held > available_memory(batches.device) // 4 else None


def _is_short(project: Project, samples: int) -> bool:
    """Told by arithmetic, not by a clock: the same project must always be short, or never."""
    train = project.train
    work = costs_of(project, project.walk()).multiply_adds
    steps = train.epochs * math.ceil(samples / train.batch_length(samples))
    seconds = 3 * work * samples * train.epochs / _MULTIPLY_ADDS + steps * _STEP_SECONDS
    return seconds < SHORT_SECONDS or steps < FEW_STEPS


class _Trials:
    """Steps on copies of a network, in turns next to each other."""

    def __init__(
        self, network: nn.Module, project: Project, batches: Batches, measure: Measure
    ) -> None:
        self._network, self._measure, self._device = network, measure, batches.device
        self._config = project.train.replace(
            scheduler=NoScheduler(), warmup_steps=0, ema_decay=0.0, accumulate=1
        )
        self._batches = batches
        self._size = project.train.batch_length(batches.size("train"))
        self.were_calm = True
        """Whether the machine did nothing else meanwhile, as far as the turns tell."""

    def best(self, wanted: Tuning, without: Tuning, settings: Sequence[str]) -> Tuning:
        """`without`, and of `wanted` the settings that make its steps faster, one after another."""
        found, states = without, rng_states(self._device)
        for name in settings:
            setting: dict[str, Any] = {name: getattr(wanted, name)}
            trial = replace(found, **setting)
            if trial != found:
                gain = self._gain(found, trial)
                gains = {**found.gains, name: round(gain, 3)}
                found = replace(trial if gain >= CONFIRMED else found, gains=gains)
        set_rng_states(states, self._device)
        return found

    def _gain(self, without: Tuning, with_it: Tuning) -> float:
        """How many times as fast; 0 where it does not work at all."""
        try:
            return self._compared(*(self._step(tuning) for tuning in (without, with_it)))
        except Exception:  # a compiler that is missing or fails has a dozen types
            log.warning("a setting is not used, since it fails here", exc_info=True)
            return 0.0
        finally:
            if with_it.compile:
                torch.compiler.reset()  # it would hold the copies

    def _compared(self, without: _Step, with_it: _Step) -> float:
        for step in (without, with_it):  # the first one makes what later ones find
            self._seconds(step, 1)
        once, since = self._seconds(without, 1), time.perf_counter()
        steps = min(100, max(1, int(TURN_SECONDS / max(1e-6, once))))
        turns: list[tuple[float, float]] = []
        while not turns or (len(turns) < TURNS and time.perf_counter() - since < MOST_SECONDS):
            turns.append((self._seconds(without, steps), self._seconds(with_it, steps)))
        before, after = zip(*turns, strict=True)
        restless = max(median(side) / min(side) for side in (before, after))
        self.were_calm &= restless <= CALM
        # of turns next to each other, since what else the machine does slows both
        return median(a / b for a, b in turns)

    def _step(self, tuning: Tuning) -> _Step:
        """A step as the run would make it, on a copy of its own."""
        layout = torch.channels_last if tuning.channels_last else torch.contiguous_format
        network = copy.deepcopy(self._network).to(memory_format=layout).train()
        config = tuning.recipe(self._config)
        stepper = Stepper(network, config, self._measure, self._device, 1, fused=tuning.fused)
        inputs, targets = self._batches.taken("train", slice(0, self._size))
        if inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=layout)
        batch = Batch(inputs, targets)
        return lambda: stepper.step(batch)

    def _seconds(self, step: _Step, steps: int) -> float:
        since = time.perf_counter()
        for _ in range(steps):
            step()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()
        return (time.perf_counter() - since) / steps
