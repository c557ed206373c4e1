"""Tunings that were measured on this machine, kept so that the next run like it starts at once."""

import json
import logging
import platform
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from workbench.core.errors import UserError
from workbench.core.files import write_atomically
from workbench.core.places import user_data
from workbench.core.project import Project
from workbench.engine.batches import Batches

if TYPE_CHECKING:
    from workbench.engine.tuning import Tuning

log = logging.getLogger(__name__)

MOST_KEPT = 200


def path() -> Path:
    """Where they are kept."""
    return user_data() / "tunings.json"


def key(project: Project, batches: Batches) -> str:
    """The same for runs whose steps take the same time, and for no others."""
    train, device = project.train, batches.device
    of_gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    model, loss, optimizer = (
        each.model_dump(mode="json") for each in (project.model, train.loss, train.optimizer)
    )
    told = {
        "torch": torch.__version__,
        "machine": [platform.node(), platform.machine(), str(device), of_gpu],
        "threads": torch.get_num_threads(),
        "model": model,
        "shape": batches.info.shape,
        "batch": train.batch_length(batches.size("train")),
        "recipe": [loss, optimizer, train.precision, train.compile, train.max_norm],
    }
    return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


def read() -> dict[str, dict[str, Any]]:
    """All of them; none if there are none yet, or if the file is damaged."""
    try:
        told = json.loads(path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def keep(key: str, tuning: "Tuning") -> None:
    """Keep a tuning among the newest; a disk that refuses costs no more than measuring again."""
    newest = {**dict(list(read().items())[-MOST_KEPT + 1 :]), key: asdict(tuning)}
    try:
        write_atomically(path(), json.dumps(newest, indent=1).encode())
    except UserError as error:
        log.warning("%s", error)
