"""How torch works while a run is trained or measured: its threads, and what it may do for speed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from workbench.core.costs import costs_of
from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.train import TrainConfig

LITTLE_WORK = 1_000_000
"""Multiply-adds of a forward pass over a batch, below which one thread does it as fast as several.
Those would wait for each other at every operation: on a machine that is busy with other things,
a hundred times as long as the work itself takes."""


def usual_threads(project: Project) -> int:
    """The threads for a run whose recipe leaves them to torch: 1 for little work, else 0, which is
    as many as torch takes. Told by arithmetic: the same project must always have the same."""
    costs = costs_of(project, project.walk())
    return int(costs.multiply_adds * costs.batch < LITTLE_WORK)


@contextmanager
def working(config: TrainConfig, device: torch.device, threads: int = 0) -> Iterator[None]:
    """Set torch up as the recipe says, and give back afterwards what was set before: the process
    does other work too. `threads` are those of the run where the recipe leaves them to torch:
    with another number sums are added in another order, and a resumed run would drift.
    """
    wanted, before = config.threads or threads, torch.get_num_threads()
    was_strict = torch.are_deterministic_algorithms_enabled()
    precision = torch.get_float32_matmul_precision()
    convolved = torch.backends.cudnn.allow_tf32  # true in torch itself: fp32 would be tf32 there
    if config.deterministic and device.type == "cuda":  # read when CUDA's first product is made
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        if wanted:
            torch.set_num_threads(wanted)
        _be_strict(config.deterministic)
        torch.set_float32_matmul_precision("high" if config.precision == "tf32" else "highest")
        torch.backends.cudnn.allow_tf32 = config.precision == "tf32"
        yield
    finally:
        if wanted:
            torch.set_num_threads(before)
        _be_strict(was_strict)
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = convolved


def _be_strict(wanted: bool) -> None:
    """Switch deterministic algorithms, only if that changes anything: torch imports its compiler
    for it, which takes two seconds."""
    if wanted != torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(wanted)


def check_precision(config: TrainConfig, device: torch.device) -> None:
    """See that the device has the precision, and the optimizer can be used with it.

    Raises:
        UserError: it has not, or can't.
    """
    if config.precision in ("fp16", "tf32") and device.type != "cuda":
        raise UserError(
            "{precision} needs a CUDA device, and this run is on {device}. Choose bf16 or fp32.",
            precision=config.precision,
            device=device,
        )
    if config.precision == "fp16" and config.optimizer.kind == "LBFGS":
        raise UserError("LBFGS can't be used with fp16. Choose bf16 or fp32.")


def refused(error: Exception) -> UserError | None:
    """The sentence for what torch has in no deterministic form, if that is the error."""
    name, found, _ = str(error).partition(" does not have a deterministic implementation")
    if not found:
        return None
    return UserError(
        "{name} has no deterministic form in torch on this device. Switch Deterministic off, or "
        "choose another layer.",
        name=name.split()[-1],
    )
