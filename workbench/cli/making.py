"""`new`: a project file from a template."""

import json
from argparse import Namespace
from pathlib import Path

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.names import named
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.project import save_project
from workbench.core.template import Template


def new(options: Namespace) -> int:
    """Make a project of a template, on the dataset that was asked for or its own.

    Raises:
        UserError: a name is unknown, the two don't fit, or the file is there or can't be written.
    """
    template = named(options.template, Template.shelf, "There is no template")
    data = options.data and named(options.data, DatasetSpec.choices(), "There is no dataset")()
    path = Path(options.output)
    project = template.project(data or None)
    if path.exists() and not options.force:
        refuse_to_replace(path)
    with options.interrupts.held():
        save_project(project, path)
    print(json.dumps({"file": str(path)}) if options.json else f"{path} written")
    return 0


def refuse_to_replace(path: Path) -> None:
    """See that nothing is lost by writing there.

    Raises:
        UserError: a file is there that is not empty, or a folder.
    """
    if path.is_dir() or path.stat().st_size:  # an empty file, as of mktemp, holds nothing to lose
        raise UserError(
            "{path} exists already. Choose another name, or replace it with --force.", path=path
        )
