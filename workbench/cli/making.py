"""`new`: a project file from a template, on data by name or from a file of the user's."""

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.assignments import fields_of
from workbench.cli.names import known, named
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import DatasetRecognized
from workbench.core.project import Project, save_project
from workbench.core.spec import validated
from workbench.core.template import Template
from workbench.engine.sources import recognize

NO_TEMPLATE, NO_DATASET = "There is no template", "There is no dataset"


def new(options: Namespace) -> int:
    """Make a project of a template, on the dataset that was asked for or its own.

    Raises:
        UserError: a name is unknown, the two don't fit, or the file is there or can't be written.
    """
    path = Path(options.output)
    project = _project(options)
    if path.exists() and not options.force:
        refuse_to_replace(path)
    with options.interrupts.held():
        save_project(project, path)
    print(json.dumps({"file": str(path)}) if options.json else f"{path} written")
    return 0


def _project(options: Namespace) -> Project:
    given = fields_of(options.set, "data")
    if options.target:
        given["target"] = options.target
    data = data_at(options.data, given) if options.data else None
    if options.template:
        return named(options.template, Template.shelf, NO_TEMPLATE).project(data)
    if data is None:
        raise UserError("Name what to start from: --template NAME, --data NAME|PATH, or both.")
    return Template.usual(data.info()).project(data)


def data_at(wanted: str, given: Mapping[str, Any]) -> DatasetSpec:
    """The dataset of that name, or what lies at that path (`./iris` is always a path), with some
    fields given.

    Raises:
        UserError: there is neither, the file can't be opened as data, or a field does not fit.
    """
    is_path = os.sep in wanted or Path(wanted).suffix or Path(wanted).exists()
    if not is_path or known(wanted, DatasetSpec.offered()):
        return validated(named(wanted, DatasetSpec.offered(), NO_DATASET), dict(given), wanted)
    *_, last = recognize(wanted, **given)
    assert isinstance(last, DatasetRecognized)
    return last.data


def refuse_to_replace(path: Path) -> None:
    """See that nothing is lost by writing there.

    Raises:
        UserError: a file is there that is not empty, or a folder.
    """
    if path.is_dir() or path.stat().st_size:  # an empty file, as of mktemp, holds nothing to lose
        raise UserError(
            "{path} exists already. Choose another name, or replace it with --force.", path=path
        )
