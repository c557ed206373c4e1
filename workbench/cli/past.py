"""`runs`: the runs of the past, as a table or as JSON."""

import json
from argparse import Namespace
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.tables import figures, table
from workbench.core.clock import clock
from workbench.core.places import runs_dir
from workbench.core.run_list import ListedRun, list_runs

COLUMNS = ("run", "status", "dataset", "network", "epochs", "best", "test", "time")
TOLD = 2  # figures in a cell, or no terminal is wide enough; --json has them all
EPOCHS, TIME = COLUMNS.index("epochs"), COLUMNS.index("time")


def runs(options: Namespace) -> int:
    """List the runs in a folder, newest first.

    Raises:
        UserError: the folder can't be read.
    """
    folder = Path(options.runs_dir) if options.runs_dir else runs_dir()
    found = [run for batch in list_runs(folder) for run in batch.runs]
    if options.json:
        print(json.dumps([_told(run) for run in found], indent=2))
    elif found:
        print(table([COLUMNS, *map(_row, found)], numbers=[EPOCHS, TIME]))
    else:
        print(f"No runs in {folder}.")
    return 0


def _told(listed: ListedRun) -> dict[str, Any]:
    summary = listed.summary.model_dump(exclude={"version", "covered"}) if listed.summary else {}
    return {
        "run": listed.run.name,
        "folder": str(listed.run.folder),
        "status": listed.status,
        **listed.notes.model_dump(),
        "resumable": listed.resumable,
        **summary,
        **({"fault": listed.fault} if listed.fault else {}),
    }


def _row(listed: ListedRun) -> tuple[str, ...]:
    name = f"{listed.run.name} ({listed.notes.name})" if listed.notes.name else listed.run.name
    summary = listed.summary
    if summary is None:
        return name, listed.status, "", "", "", listed.fault, "", ""
    return (
        name,
        listed.status,
        summary.dataset,
        summary.network,
        f"{summary.epoch} / {summary.epochs}" if summary.epochs else "",
        figures(_first(summary.best)),
        figures(_first(summary.test)),
        clock(summary.seconds),
    )


def _first(metrics: Mapping[str, float]) -> dict[str, float]:
    """The loss and the metric that comes first in the recipe."""
    return dict(islice(metrics.items(), TOLD))
