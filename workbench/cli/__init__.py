"""The command line: the same work as in the window, on machines without Qt too.

Only what is needed to answer a signal is imported here; the commands are, once one is asked for.
"""

import io
import os
import sys
from collections.abc import Sequence

from workbench.cli.interrupts import Interrupts
from workbench.core.errors import UserError
from workbench.core.threads import wait_asleep

COMMANDS = (
    "new",
    "train",
    "evaluate",
    "verify",
    "export",
    "predict",
    "runs",
    "tensorboard",
    "info",
    "data",
    "code",
    "check",
    "templates",
    "datasets",
    "layers",
)

FAILED = 1


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code: 0, 1 for a mistake, 130 if interrupted.

    A mistake is told in one line on standard error; an error that nobody foresaw is raised.
    """
    _encode_streams(json="--json" in arguments)
    wait_asleep()
    with Interrupts() as interrupts:
        try:
            return _dispatched(arguments, interrupts)
        except UserError as error:
            print("workbench:", " ".join(str(error).split("\n")), file=sys.stderr)
            return FAILED
        except BrokenPipeError:  # as in `workbench layers | head -1`
            _discard_stdout()
            return FAILED


def _dispatched(arguments: Sequence[str], interrupts: Interrupts) -> int:
    from workbench.cli.assignments import separated
    from workbench.cli.parser import parser

    try:
        options = parser().parse_args(separated(arguments))
    except SystemExit as shown:  # --help and --version
        return int(shown.code or 0)
    options.interrupts = interrupts
    code: int = options.command(options)
    sys.stdout.flush()  # a closed pipe shall be noticed here, not at exit
    return code


def _encode_streams(json: bool) -> None:
    """JSON is UTF-8 everywhere; text keeps the terminal's encoding, with ? for what it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if json and isinstance(sys.stdout, io.TextIOWrapper):
        # A line is written whole, so that a reader never waits for the rest of an event. Surrogates
        # of file names that are not UTF-8 become escapes that JSON knows.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _discard_stdout() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
