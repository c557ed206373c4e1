"""`code`: a project as plain PyTorch."""

import json
import sys
from argparse import Namespace
from pathlib import Path

import workbench.catalog  # noqa: F401  puts every choice on its shelf
from workbench.cli.making import refuse_to_replace
from workbench.core.codegen import generate
from workbench.core.codegen_train import files_beside, generate_program
from workbench.core.files import would_lose, write_atomically
from workbench.core.project import Project, load_project
from workbench.core.runs import Run


def code(options: Namespace) -> int:
    """Print the network of a project or a run as a module, or its whole program; or write it.

    Raises:
        UserError: the project can't be read, or the file is there or can't be written.
    """
    path = Path(options.path)
    project = Run(path).project() if path.is_dir() else load_project(path)
    if options.train:
        made = generate_program(project).text
    else:
        made = generate(project.model, project.data.info().shape).text
    if options.output:
        files = _write(Path(options.output), made, project, options)
        print(json.dumps({"files": files}) if options.json else f"{', '.join(files)} written")
    elif options.json:
        print(json.dumps({"code": made}))
    else:
        sys.stdout.write(made)
    return 0


def _write(path: Path, made: str, project: Project, options: Namespace) -> list[str]:
    """Write the code, and beside a program the files that it reads; gives their names."""
    beside = files_beside(project) if options.train else ()
    contents = {path: made.encode()} | {path.with_name(name): each for name, each in beside}
    for file, content in () if options.force else contents.items():
        if would_lose(file, content) or (
            file == path and path.exists()
        ):  # data that is there already is no loss
            refuse_to_replace(file)
    with options.interrupts.held():
        for file, content in contents.items():
            write_atomically(file, content)
    return list(map(str, contents))
