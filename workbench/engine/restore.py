"""Loading a model: parameters for the project's network, or a whole network of known layers."""

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.errors import ForeignClass, UserError
from workbench.core.events import BundleLoaded, Event, ModelLoaded, Progress
from workbench.core.project import Project
from workbench.engine import bundle, checkpoint
from workbench.engine.build import build
from workbench.engine.foreign import NEEDS, Found, NeedsClass, damaged, judged, opened
from workbench.engine.read_back import in_sequence, read_back
from workbench.engine.weights import fitted, is_plain

NESTS = (
    "model",
    "state_dict",
    "model_state_dict",
    "model_state",
    "net",
    "network",
    "weights",
    "params",
    "params_ema",
    "module",
    "ema",
)
"""Keys under which checkpoints keep what they are of, ours first."""
_DEEPEST_NEST = 4
_HOLDERS = (Mapping, nn.Module)

_WITHOUT_MEANING = ("training", "inplace")
"""Attributes in which a module may differ and still compute the same when evaluated."""


def load_model(
    path: Path,
    project: Project | None,
    into: Path,
    partial: bool = False,
    tensors_only: bool = False,
) -> Generator[Event]:
    """Read a model's file and write its weights cleaned `into` a checkpoint of this program.

    Parameters (safetensors, a state_dict, a checkpoint) must fit the project's network; if
    `partial`, those that don't are left as a fresh network has them. A whole network must be an
    `nn.Sequential` of the catalogue's layers that suits the project's data and loss; if
    `tensors_only`, its parameters are taken, and what the file needs beside them is passed over. A
    model bundle brings a project of its own. Nothing in the file is run; still, run this in a
    disposable engine (see `foreign`).

    Raises:
        Misfit: the parameters are not those of the network.
        ForeignClass: it needs a class that is not known, but has parameters that can be read.
        UserError: the file can't be read, is damaged or hostile, or does not fit.
    """
    yield Progress(text=f"Reading {path.name}")
    try:
        with judged(path):
            event = _loaded(opened(path, tensors_only), project, path, into, partial)
    except NeedsClass as error:
        if tensors_only or not _has_tensors(path):
            raise
        told = NEEDS + "Its parameters can be read without that: load them alone."
        raise ForeignClass(told, **error.values) from error
    yield event


def _has_tensors(path: Path) -> bool:
    try:
        return _holds_tensors(opened(path, tensors_only=True).content)
    except Exception:  # what can't be read so is no offer, whatever the reason
        return False


def _loaded(found: Found, project: Project | None, path: Path, into: Path, partial: bool) -> Event:
    content = _nested(found.content)
    if bundle.is_bundle(content):
        return _of_bundle(bundle.read(content, path), found, path, into)
    if project is None:
        raise UserError(
            "{path} is no model bundle: its network and data are told by no file. Name the "
            "project that has them by --project F.workbench.",
            path=path,
        )
    if isinstance(content, nn.Module):
        content = in_sequence(content)
        project = project.replace(model=read_back(content))
    _check_fit(project, path)
    weights = _weights(found._replace(content=content), project, path, partial)
    checkpoint.save({"model": weights}, into)
    return ModelLoaded(source=str(path), weights=str(into), model=project.model)


def _check_fit(project: Project, path: Path) -> None:
    try:
        project.check()
    except UserError as error:
        raise UserError(
            "{path} can't be loaded on {data}: " + error.message,
            **{**error.values, "path": path, "data": project.data.info().title},
        ) from error


def _of_bundle(read: bundle.Bundle, found: Found, path: Path, into: Path) -> BundleLoaded:
    project = read.project
    moments = {f"preparation.{name}": part for name, part in read.normalization._asdict().items()}
    if isinstance(read.weights, Mapping) and _claimed({**read.weights, **moments}) > found.size:
        raise damaged(path)
    weights = fitted(read.weights, _empty(project).state_dict(), path)
    preparation = {**read.normalization._asdict(), "instead": list(read.instead)}
    checkpoint.save({"model": weights, "preparation": preparation}, into)
    return BundleLoaded(
        source=str(path), weights=str(into), project=project, metrics=dict(read.metrics)
    )


def _empty(project: Project) -> nn.Module:
    """The network without memory for its weights, since what a file claims costs nothing until it
    is known to fit."""
    with torch.device("meta"):
        return build(project.model, project.data.info().shape)


def _weights(found: Found, project: Project, path: Path, partial: bool) -> dict[str, Tensor]:
    network = _empty(project)
    if isinstance(found.content, nn.Module):
        _check_settings(found.content, network, path)
        tensors: Any = dict(_named_tensors(found.content, network))
    else:
        tensors = found.content
    if _claimed(tensors) > found.size:
        raise damaged(path)
    rest = _fresh(project) if partial else None
    return fitted(tensors, network.state_dict(), path, ordered=found.ordered, rest=rest)


def _fresh(project: Project) -> dict[str, Tensor]:
    """The weights that training would start from."""
    with torch.random.fork_rng([]):
        torch.manual_seed(project.train.seed)
        return build(project.model, project.data.info().shape).state_dict()


def _nested(content: Any, depth: int = 0) -> Any:
    """What a checkpoint is of, out of the containers around it."""
    if not isinstance(content, Mapping) or bundle.is_bundle(content) or depth > _DEEPEST_NEST:
        return content
    known = (content[key] for key in NESTS if isinstance(content.get(key), _HOLDERS))
    inner = next(known, None)
    if inner is None and not any(isinstance(value, Tensor) for value in content.values()):
        inner = next((value for value in content.values() if _holds_tensors(value)), None)
    return content if inner is None else _nested(inner, depth + 1)


def _holds_tensors(value: Any, depth: int = 0) -> bool:
    if isinstance(value, Mapping) and depth < _DEEPEST_NEST:
        named = (each for name, each in value.items() if isinstance(name, str))
        return any(isinstance(e, Tensor) or _holds_tensors(e, depth + 1) for e in named)
    return isinstance(value, nn.Module)


def _named_tensors(theirs: nn.Module | None, ours: nn.Module | None) -> Iterator[tuple[str, Any]]:
    """Their tensors under our layers' names; no method of theirs is called, since it could be any
    attribute of the file."""
    if theirs is None or ours is None:
        return
    pairs = zip(ours._modules.items(), theirs._modules.values(), strict=True)
    for (name, mine), module in pairs:
        held = vars(module)
        for key, value in {**held["_parameters"], **held["_buffers"]}.items():
            if value is not None:
                yield f"{name}.{key}", value
        for key, value in _named_tensors(module, mine):
            yield f"{name}.{key}", value


def _check_settings(theirs: nn.Module, ours: nn.Module, path: Path) -> None:
    """See that no module does other than its layer: padding_mode, ceil_mode, in_channels, ..."""
    pairs = zip(ours._modules.items(), theirs._modules.values(), strict=True)
    for (name, mine), module in pairs:
        if mine is not None and type(module) is nn.Sequential:
            _check_settings(module, mine, path)
        found = _settings(module)
        for setting, needed in _settings(mine).items():
            if setting in found and _pair(found[setting]) != _pair(needed):
                raise UserError(
                    "{path} can't be loaded: its {kind} {name} has {setting}={came}, and here it "
                    "would have {setting}={needed}. Load its state_dict into a network like it.",
                    path=path,
                    kind=type(mine).__name__,
                    name=name,
                    setting=setting,
                    came=found[setting],
                    needed=needed,
                )


def _settings(module: nn.Module | None) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name not in _WITHOUT_MEANING
    }


def _pair(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value, value)


def _claimed(tensors: Any) -> int:
    """Bytes of the storages behind the tensors: torch grows one where a file's tensor is larger
    than its data, and the rest is whatever lay in memory."""
    values = tensors.values() if isinstance(tensors, Mapping) else ()
    storages = [value.untyped_storage() for value in values if is_plain(value)]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
