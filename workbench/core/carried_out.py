"""How the steps of a run are carried out, and why so, in words."""

from collections.abc import Mapping
from typing import Any, Protocol


class Told(Protocol):
    """What tells of it: `RunStarted`, and the summary of a run."""

    @property
    def tuning(self) -> Mapping[str, Any]:
        """The fields of the engine's `Tuning`; empty for a run of an older program."""


Sentence = tuple[str, Mapping[str, Any]]
"""A template in the words of the program, and its values, as an error has them."""

WHYS = {
    "measured": "Measured for half a second as the run began:",
    "kept": "Measured as an earlier run of this kind began on this machine:",
    "short": "The run is short: only what the recipe asks for is measured.",
    "deterministic": "The run is deterministic: nothing is measured, since that would vary.",
    "memory": "There is too little memory to measure what is faster.",
}
SETTINGS = ("channels_last", "fused", "bf16", "fp16", "torch.compile")


def in_force(started: Told) -> tuple[str, ...]:
    """What the steps use: `channels_last`, `fused`, `bf16`, `torch.compile`."""
    told = started.tuning
    used = {
        "channels_last": told.get("channels_last"),
        "fused": told.get("fused"),
        str(told.get("precision")): True,
        "torch.compile": told.get("compile"),
    }
    return tuple(name for name in SETTINGS if used.get(name))


def refused(started: Told) -> tuple[str, ...]:
    """What was measured, and is not used."""
    return tuple(name for name in _gains(started) if name not in in_force(started))


def reasons(started: Told) -> list[Sentence]:
    """Why so: a sentence on what was measured, and one for each setting; none if nothing is known,
    as of a run of an older program."""
    if not started.tuning:
        return []
    told: list[Sentence] = [(WHYS.get(started.tuning.get("why", ""), ""), {})]
    used = in_force(started)
    for name, gain in _gains(started).items():
        told.append((_verdict(name in used, gain), {"name": name, "gain": f"{gain:.2f}"}))
    return [each for each in told if each[0]]


def _verdict(used: bool, gain: float) -> str:
    if used:
        return "{name} is used: a step is {gain} times as fast with it."
    if gain <= 0:
        return "{name} is not used: it does not work here."
    return "{name} is not used: a step is {gain} times as fast with it, no gain."


def _gains(started: Told) -> dict[str, float]:
    """The measured gains by the names that people know; only bf16 is compared with fp32."""
    names = {"precision": "bf16", "compile": "torch.compile"}
    gains: Mapping[str, float] = started.tuning.get("gains", {})
    return {names.get(name, name): gain for name, gain in gains.items()}
