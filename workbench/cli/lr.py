"""`lr`: the learning-rate range test, told."""

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.assignments import with_options
from workbench.core.events import LrFound, LrTried
from workbench.core.project import load_project

FOUND, NONE = 0, 1


def lr(options: Namespace) -> int:
    """Tell the lr at which the loss of a project falls most steeply; 1 if it falls at none.

    Raises:
        UserError: the project can't be trained.
    """
    project = with_options(load_project(Path(options.file)), options)
    from workbench.engine import machine
    from workbench.engine.lr_finder import find_lr

    machine.set_up()
    events = list(find_lr(project))
    tried = [event for event in events if isinstance(event, LrTried)]
    found = next(event for event in events if isinstance(event, LrFound))
    if options.json:
        curve = [asdict(event) for event in tried]
        told = {"lr": found.lr, "diverged": found.diverged, "curve": curve}
        print(json.dumps(told, indent=2))
    else:
        print(_text(found, tried))
    return NONE if found.lr is None else FOUND


def _text(found: LrFound, tried: list[LrTried]) -> str:
    if found.lr is None:
        return "The loss falls at no lr: look at the network, the loss and the data."
    behind = f"; the loss diverges from {tried[-1].lr:.2g} on" if found.diverged else ""
    return f"lr {found.lr:.2g}, where the loss falls most steeply{behind}"
