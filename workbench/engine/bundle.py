"""The model bundle: one file with all that a trained network is, in tensors and plain containers.

`torch.load(path, weights_only=True)` gives it in any program: a dict with `project` (the text of a
project file), `state_dict`, `classes`, `preparation` and `metrics`.
"""

import io
import math
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from workbench.core.data import EVALUATED, DatasetInfo, DatasetSpec, ended
from workbench.core.errors import UserError
from workbench.core.events import Event, Metrics, ModelSaved, Progress
from workbench.core.files import write_atomically
from workbench.core.project import Project
from workbench.engine.batches import Batches
from workbench.engine.checkpoint import copied
from workbench.engine.placed import placed
from workbench.engine.predict import metrics_of, predict
from workbench.engine.preparation import Normalization
from workbench.engine.weights import is_plain, trained

FORMAT, VERSION = "torch-workbench bundle", 1


class Bundle(NamedTuple):
    """What a bundle holds; `weights` are as the file has them, to be fitted to the network."""

    project: Project
    weights: Any
    normalization: Normalization
    """Mean and deviation of the training split that the network was trained on."""
    metrics: Mapping[str, Metrics]
    """Of the splits that predictions are made for, as they were measured when it was saved."""
    instead: tuple[float, ...] = ()
    """What takes the place of a missing value in each column of a table."""


def save_bundle(project: Project, weights: Path, path: Path) -> Generator[Event]:
    """Write the network with the weights of a checkpoint, and all that it takes to use it.

    The splits are measured for it, so the data must be there.

    Raises:
        UserError: the checkpoint or the data can't be read, the checkpoint does not fit the
            network, the suffix is not torch's, or the disk refused.
    """
    if path.suffix.lower() not in (".pt", ".pth"):
        raise UserError(
            "{path} was not written: a model bundle ends in .pt or .pth. Choose such a name.",
            path=path,
        )
    project.check()
    network = trained(project, weights)
    state = {name: value.contiguous() for name, value in copied(network).items()}
    yield Progress(text="Measuring the model")
    network, batches = placed(network, project.data, torch.device("cpu"))
    buffer = io.BytesIO()
    torch.save(_content(project, state, network, batches), buffer)
    write_atomically(path, buffer.getvalue())
    yield ModelSaved(path=str(path))


def _content(
    project: Project, state: dict[str, Tensor], network: nn.Module, batches: Batches
) -> dict[str, Any]:
    info, moments = batches.info, batches.normalization
    return {
        "format": FORMAT,
        "version": VERSION,
        "project": project.to_json(),
        "state_dict": state,
        "classes": list(info.classes),
        "preparation": {
            "mean": moments.mean.clone(),
            "std": moments.std.clone(),
            "instead": _instead(project.data),
        },
        "metrics": {
            split: metrics_of(predict(network, batches, split, project.train.loss), info)
            for split in EVALUATED
        },
    }


def _instead(data: DatasetSpec) -> list[float]:
    """What takes the place of a missing value in each column of a table."""
    found = ended(data.unprepared.raw_samples())
    return list(found.encoding.instead) if found else []


def is_bundle(content: Any) -> bool:
    """Whether a file that holds `content` says that it is a bundle."""
    return isinstance(content, dict) and content.get("format") == FORMAT


def read(content: dict[str, Any], path: Path) -> Bundle:
    """What the content of a bundle says, checked.

    Raises:
        UserError: it is of a newer program, or a part is missing or out of range.
    """
    version = content.get("version")
    if type(version) is int and version > VERSION:
        raise UserError(
            "{path} was saved by a newer Torch Workbench (bundle {version}, this one reads up to "
            "{known}). Update the program to open it.",
            path=path,
            version=version,
            known=VERSION,
        )
    text = content.get("project")
    if type(version) is not int or version != VERSION or not isinstance(text, str):
        raise _broken(path, "project")
    project = Project.from_json(text, str(path))
    project.check()
    preparation = content.get("preparation")
    return Bundle(
        project,
        content.get("state_dict"),
        _normalization(preparation, project.data.info(), path),
        _metrics(content.get("metrics"), path),
        _stand_ins(preparation, project.data, path),
    )


def _stand_ins(found: Any, data: DatasetSpec, path: Path) -> tuple[float, ...]:
    """One number for each column; none where a bundle of an older program does not say them."""
    told = found.get("instead", []) if isinstance(found, dict) else []
    encoding = data.encoding(())
    wanted = (0, len(encoding.columns) if encoding else 0)
    whole = isinstance(told, list) and len(told) in wanted
    if not whole or not all(type(each) is float and math.isfinite(each) for each in told):
        raise _broken(path, "preparation")
    return tuple(told)


def _normalization(found: Any, info: DatasetInfo, path: Path) -> Normalization:
    """One mean and one deviation for each channel, column or feature."""
    size = (info.shape[0] if info.is_image else info.shape[-1],)
    held = found if isinstance(found, dict) else {}
    mean, std = (cast(Tensor, held.get(name)) for name in Normalization._fields)  # checked here
    for part in (mean, std):
        if not is_plain(part) or part.shape != size or part.dtype != torch.float32:
            raise _broken(path, "preparation")
    if not (mean.isfinite().all() and std.isfinite().all() and (std > 0).all()):
        raise _broken(path, "preparation")
    return Normalization(mean, std)


def _metrics(found: Any, path: Path) -> dict[str, dict[str, float]]:
    splits = found if isinstance(found, dict) else {None: None}
    for split, figures in splits.items():
        pairs = figures.items() if isinstance(figures, dict) else [(None, None)]
        numbers = all(isinstance(k, str) and type(v) in (float, int) for k, v in pairs)
        if split not in EVALUATED or not numbers:
            raise _broken(path, "metrics")
    return dict(splits)


def _broken(path: Path, part: str) -> UserError:
    return UserError(
        "{path} says that it is a model bundle, but its {part} is missing or damaged. Choose "
        "another file.",
        path=path,
        part=part,
    )
