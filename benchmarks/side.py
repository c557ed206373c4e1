"""One side of a comparison, in a process of its own: what a side sets for its process, such as how
memory is given back, the other must not have. It works when it is asked, and waits in between."""

import os
import subprocess
import sys
import time

from workbench.core.threads import SPINS


class Side:
    """The process that runs `module` with arguments; the module calls `answer`. A run of ours waits
    for its threads as the program has it."""

    def __init__(self, module: str, *arguments: str) -> None:
        path = __file__.replace("side.py", f"{module}.py")
        environment = dict(os.environ)
        environment.pop("GOMP_SPINCOUNT", None)
        if set(arguments) & {"ours", "run"}:
            environment["GOMP_SPINCOUNT"] = str(SPINS)
        self._process = subprocess.Popen(
            [sys.executable, path, *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.turn()  # the first one warms up

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def turn(self) -> float:
        """Have it work once more; gives what it answers."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        for line in self._process.stdout:  # others print what they like
            if line.startswith("told "):
                return float(line.removeprefix("told "))
        raise RuntimeError("a side has ended")


def answer(value: float | None) -> float:
    """Tell what the last turn gave, and wait to be asked again; gives when that was."""
    if value is not None:
        print("told", value, flush=True)
    sys.stdin.readline()
    return time.perf_counter()
