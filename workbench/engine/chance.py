"""Where chance stands: the states of the generators from which a resumed run goes on."""

from typing import Any

import torch

States = dict[str, torch.Tensor]


def rng_states(device: torch.device) -> States:
    """The state of the CPU's generator, and of the device's own if it is another one."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_rng_states(states: Any, device: torch.device) -> None:
    """Go on from `rng_states`; on another device than before, its own generator stays as it is.

    Raises:
        KeyError, TypeError, RuntimeError: they are no such states.
    """
    if isinstance(states, torch.Tensor):  # checkpoints once held the CPU's alone
        states = {"cpu": states}
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
