"""Scripts in processes of their own, as of a Python that has imported torch and nothing of ours.

To import torch takes 3 seconds of a processor, most of the time of a short script. So one process
does it, and each script runs in a fork of it.
"""

import json
import subprocess
import sys
from pathlib import Path

WARM = """
import json, os, sys, tempfile
import numpy, sklearn.datasets, torch, torchvision.transforms.v2

def begin(script, arguments, folder, out, err):
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdin = open(os.devnull)
    sys.argv = ["-c", *arguments]
    os.chdir(folder)
    exec(script, {"__name__": "__main__"})
    sys.exit()

for line in sys.stdin:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            begin(*json.loads(line), out, err)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        print(json.dumps([code, out.read(), err.read()]), flush=True)
"""


class Alone:
    """The process with torch; it starts with the first script."""

    def __init__(self) -> None:
        self._warm: subprocess.Popen[str] | None = None

    def run(self, script: str, *arguments: object, folder: Path) -> str:
        """What a script prints that must succeed and be silent on standard error."""
        if self._warm is None:
            command = [sys.executable, "-I", "-c", WARM]
            pipe = subprocess.PIPE
            self._warm = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self._warm.stdin
        assert self._warm.stdout
        request = [script, [*map(str, arguments)], str(folder)]
        print(json.dumps(request), file=self._warm.stdin, flush=True)
        code, out, err = json.loads(self._warm.stdout.readline())
        assert (code, err) == (0, ""), err
        return str(out)

    def close(self) -> None:
        if self._warm:
            self._warm.communicate(timeout=60)
