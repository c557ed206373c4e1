"""Named tensors fitted to a network: each parameter there, of its shape, plain and finite."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.fit_report import FitReport, Misfit, Outcome
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.build import build
from workbench.engine.names import compared, repaired

_MISFITS: dict[Outcome, str] = {
    "missing": "it has no {name}",
    "unexpected": "it has {name}, which the network has not",
    "reshaped": "its {name} is {came}, the network's is {needed}",
}
_COUNTER = "num_batches_tracked"
_COUNTS = (
    " (missing: {missing}, unexpected: {unexpected}, of another shape: {reshaped}). Open or build "
    "the network that it was saved from, and load it again."
)
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_KINDS = dict.fromkeys(_FLOATS, _FLOATS) | {torch.int64: (torch.int32, torch.int64)}
"""For each dtype of a network those that can stand for it."""


def trained(project: Project, weights: Path) -> nn.Module:
    """The project's network on the CPU, with the weights of a checkpoint of this program.

    Raises:
        UserError: the checkpoint is missing, damaged or of another network.
    """
    return filled(project, checkpoint.load(weights), weights)


def filled(project: Project, state: dict[str, Any], source: Path) -> nn.Module:
    """The project's network on the CPU, with the weights of a checkpoint that was read from
    `source`.

    Raises:
        UserError: they are of another network.
    """
    network = build(project.model, project.data.info().shape)
    network.load_state_dict(fitted(state["model"], network.state_dict(), source))
    return network


def fitted(
    found: Any,
    wanted: Mapping[str, Tensor],
    source: Path,
    *,
    ordered: bool = True,
    rest: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """The tensors of `found` under the names, in the dtypes and in the order of `wanted`.

    Names are freed of the prefixes of wrappers. If they differ all the same, but number, order and
    shapes agree, the tensors are taken by their order, unless `ordered` says that the file keeps
    none. What does not fit is taken from `rest`, if there is one.

    Raises:
        Misfit: they are not those of the network; with a report on each.
        UserError: one is no plain tensor of finite numbers.
    """
    tensors, prefix = repaired(_tensors(found, source), wanted)
    if ordered and _agree_by_order(tensors, wanted):
        tensors = dict(zip(wanted, tensors.values(), strict=True))
    tensors |= _counters(tensors, wanted)
    report = compared(tensors, wanted, prefix)
    if report.counts["matched"] < (1 if rest else max(len(wanted), len(tensors))):
        raise _misfit(report, source)
    return {
        name: _clean(name, tensors[name], like, source)
        if rest is None or _fits(tensors.get(name), like)
        else rest[name]
        for name, like in wanted.items()
    }


def _fits(value: Tensor | None, like: Tensor) -> bool:
    return value is not None and value.shape == like.shape


def _counters(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The counters of batch normalizations that torch did not have before 0.4.1: nothing but a
    momentum of None asks for them."""
    return {
        name: torch.zeros((), dtype=like.dtype)
        for name, like in wanted.items()
        if name.endswith(_COUNTER)
        and name not in tensors
        and name.removesuffix(_COUNTER) + "running_mean" in tensors
    }


def _tensors(found: Any, source: Path) -> dict[str, Tensor]:
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise UserError(
            "{source} holds no parameters by name. Choose a file that was saved from a state_dict.",
            source=source,
        )
    for name, value in found.items():
        if not is_plain(value):
            raise UserError(
                "{source} has {name}, which is not a plain tensor but {kind}. Save the state_dict "
                "alone and load that.",
                source=source,
                name=name,
                kind=_kind(value),
            )
    return dict(found)


def is_plain(value: Any) -> bool:
    """Whether it is a tensor of numbers in memory: not sparse, quantized, meta or a subclass."""
    return (
        type(value) in (Tensor, nn.Parameter)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor with {value.layout}, {value.dtype}, on {value.device}"
    return f"of type {type(value).__name__}"


def _agree_by_order(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> bool:
    """Whether shapes agree one by one, and no name means one tensor here and another there."""
    if len(tensors) != len(wanted):
        return False
    pairs = zip(tensors.items(), wanted.items(), strict=True)
    return all(
        value.shape == like.shape and (name == known or name not in wanted)
        for (name, value), (known, like) in pairs
    )


def _misfit(report: FitReport, source: Path) -> Misfit:
    """The first tensor that does not fit, in a sentence with the counts."""
    first = next(row for row in report.rows if row.outcome != "matched")
    return Misfit(
        "{source} does not fit: " + _MISFITS[first.outcome] + _COUNTS,
        report,
        source=source,
        name=first.name,
        came=first.came,
        needed=first.needed,
        **{str(outcome): count for outcome, count in report.counts.items()},
    )


def _clean(name: str, value: Tensor, like: Tensor, source: Path) -> Tensor:
    """A contiguous tensor with a storage of its own, which torch.save then writes alone."""
    if value.dtype not in _KINDS.get(like.dtype, (like.dtype,)):
        raise UserError(
            "{source} has {name} in {came}; the network needs {needed}. Convert it and save it "
            "again.",
            source=source,
            name=name,
            came=value.dtype,
            needed=like.dtype,
        )
    plain = value.detach().to(like.dtype).contiguous()
    if not plain.isfinite().all():
        raise UserError(
            "{source} has values in {name} that are not finite numbers of {needed} (NaN or "
            "infinity). Load weights from before training failed.",
            source=source,
            name=name,
            needed=like.dtype,
        )
    return plain if plain.untyped_storage().nbytes() == plain.nbytes else plain.clone()
