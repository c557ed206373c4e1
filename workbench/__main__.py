"""`workbench [FILE]` opens the window; `workbench COMMAND ...` works without one."""

import gc
import os
import sys
from pathlib import Path


def main() -> int:
    """Run the command line or the window, by the first argument; gives the exit code."""
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()  # the engine process of a bundle starts here too
    arguments = sys.argv[1:]
    if arguments:
        from workbench.cli import COMMANDS, run

        if arguments[0] in COMMANDS or not _may_be_file(arguments[0]):
            return run(arguments)
    if sys.platform == "linux" and not any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    ):
        return _refuse("The window needs a display, and this session has none.")
    gc.disable()  # nothing that is made until the window shows is garbage; app.py enables it
    try:
        from workbench.app import open_window
    except ImportError as error:
        return _refuse(f"The window needs Qt, which can't be loaded: {error}.")
    return open_window(arguments)


def _may_be_file(argument: str) -> bool:
    """A word that is neither a command nor a file is a mistyped command, not a project."""
    return not argument.startswith("-") and ("." in argument or Path(argument).exists())


def _refuse(reason: str) -> int:
    message = f"workbench: {reason} 'workbench --help' tells what works without a window."
    print(message, file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
