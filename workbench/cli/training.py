"""`train`: the same generator of events that the window pulls, told as text or JSON lines."""

import logging
import sys
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.assignments import with_options
from workbench.cli.interrupts import INTERRUPTED
from workbench.cli.loading import load
from workbench.cli.progress import Bar, Lines
from workbench.core.errors import UserError
from workbench.core.events import Event, RunCompleted
from workbench.core.places import runs_dir
from workbench.core.project import Project, load_project
from workbench.core.runs import Run, create_run

Show = Callable[[Event], None]


def train(options: Namespace) -> int:
    """Train a project in a new run folder; a signal stops after the step, with a checkpoint kept.

    Raises:
        UserError: the project can't be trained. If that shows before training, no run is made.
    """
    if options.resume:
        return _resume(options)
    project = load_project(Path(options.file))
    _check_device(options.device)
    project = with_options(project, options)
    _make_ready(project, options.json)
    with options.interrupts.held(), _warnings_on_stderr():
        run = create_run(project, Path(options.runs_dir) if options.runs_dir else runs_dir())
        ended = _trained(project, run, options)
    return 0 if ended else INTERRUPTED


def _resume(options: Namespace) -> int:
    """Go on with a run from its last checkpoint, exactly as if it had never stopped; one that was
    killed before its first begins anew."""
    run = Run(Path(options.resume).absolute())
    if options.set or options.epochs or options.device or options.runs_dir:
        raise UserError("A run goes on as it began: --resume takes no other settings.")
    project = run.project()
    _make_ready(project, options.json)
    with options.interrupts.held(), _warnings_on_stderr():
        ended = _trained(project, run, options)
    return 0 if ended else INTERRUPTED


def _check_device(name: str | None) -> None:
    if name is not None:
        from workbench.engine import machine

        machine.device(name)


def _make_ready(project: Project, json: bool) -> None:
    """Find mistakes before there is a folder; what is loaded here, training finds loaded."""
    project.check()
    from workbench.engine import machine

    machine.set_up()
    machine.device(project.train.device)
    load(project.data, json)


def _show(project: Project, run: Run, json: bool) -> Show:
    if json:
        return _json_line
    samples = "images" if project.data.info().is_image else "samples"
    return (Bar if sys.stderr.isatty() else Lines)(run.folder, samples)


def _json_line(event: Event) -> None:
    print(event.to_json())


def _trained(project: Project, run: Run, options: Namespace) -> bool:
    """Pull the events until the end, or until a signal; whether it was the end."""
    from workbench.engine.sinks import train

    show, ended = _show(project, run, options.json), False
    try:
        with closing(train(project, run.folder, bool(options.resume))) as events:
            for event in events:
                show(event)
                ended = ended or isinstance(event, RunCompleted)
                if options.interrupts.came and not ended:
                    break
    finally:
        if not ended:
            _show_ending(run, show)
    return ended


def _show_ending(run: Run, show: Show) -> None:
    """Training that was cut short says how it ended in the run's file only."""
    try:
        for event in deque(run.events(), maxlen=1):
            if isinstance(event, RunCompleted):
                show(event)
    except UserError as error:
        logging.getLogger(__name__).warning("%s", error)


@contextmanager
def _warnings_on_stderr() -> Iterator[None]:
    """Warnings of the engine as single lines; those with a traceback also come as an event."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("warning: %(message)s"))
    handler.addFilter(lambda record: record.exc_info is None)
    logger = logging.getLogger("workbench")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
