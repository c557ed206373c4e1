"""`workbench [FILE]` opens the window; `workbench COMMAND ...` works without one."""

import multiprocessing
import sys


def main() -> int:
    """Run the command line or the window, by the first argument; gives the exit code."""
    multiprocessing.freeze_support()  # the engine process of a bundle starts here too
    from workbench.cli import COMMANDS, run

    arguments = sys.argv[1:]
    if arguments and (arguments[0] in COMMANDS or arguments[0].startswith("-")):
        return run(arguments)
    from workbench.app import open_window

    return open_window(arguments)


if __name__ == "__main__":
    sys.exit(main())
