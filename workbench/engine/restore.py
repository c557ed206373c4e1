"""Loading a model: parameters for the project's network, or a whole network of known layers."""

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.events import Event, ModelLoaded, Progress
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.build import build
from workbench.engine.foreign import Found, damaged, judged, opened
from workbench.engine.read_back import read_back
from workbench.engine.weights import fitted, is_plain

NESTS = ("model", "state_dict", "model_state_dict")
"""Keys under which checkpoints keep their state_dict, ours first."""

_WITHOUT_MEANING = ("training", "inplace")
"""Attributes in which a module may differ and still compute the same when evaluated."""


def load_model(path: Path, project: Project, into: Path) -> Generator[Event]:
    """Read a model's file and write its weights cleaned `into` a checkpoint of this program.

    Parameters (safetensors, a state_dict, a checkpoint) must fit the project's network. A whole
    network must be an `nn.Sequential` of the catalogue's layers that suits the project's data and
    loss. Nothing in the file is run; still, run this in a disposable engine (see `foreign`).

    Raises:
        UserError: the file can't be read, is damaged or hostile, or does not fit.
    """
    yield Progress(text=f"Reading {path.name}")
    with judged(path):
        found = opened(path)
        whole = isinstance(found.content, nn.Module)
        model = read_back(found.content) if whole else project.model
        _check_fit(project.replace(model=model), path)
        weights = _weights(found, model, project, path)
    checkpoint.save({"model": weights}, into)
    yield ModelLoaded(source=str(path), weights=str(into), model=model)


def _check_fit(project: Project, path: Path) -> None:
    try:
        project.check()
    except UserError as error:
        raise UserError(
            "{path} can't be loaded on {data}: " + error.message,
            **{**error.values, "path": path, "data": project.data.info().title},
        ) from error


def _weights(found: Found, model: ModelSpec, project: Project, path: Path) -> dict[str, Tensor]:
    with torch.device("meta"):  # what the file claims costs nothing until it is known to fit
        network = build(model, project.data.info().shape)
    if isinstance(found.content, nn.Module):
        _check_settings(found.content, network, path)
        tensors: Any = dict(_named_tensors(found.content, network))
    else:
        tensors = _state_dict(found.content)
    if _claimed(tensors) > found.size:
        raise damaged(path)
    return fitted(tensors, network.state_dict(), path, ordered=found.ordered)


def _state_dict(content: Any) -> Any:
    if not isinstance(content, Mapping):
        return content
    nests = (content[key] for key in NESTS if isinstance(content.get(key), Mapping))
    return next(nests, content)


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
