"""What a file of unknown origin may take of the machine, in the process that reads it."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.project import Project

SECONDS, SECONDS_PER_GB = 2.0, 30.0
"""Of processor time, so that a busy machine changes nothing."""
MEMORY, COPIES = 500 << 20, 5
"""Bytes on top of what torch itself holds, and how often a file is held: as it is read, cleaned,
written and compared."""


def warm() -> None:
    """Import what reading a file needs, so that it is not counted with the file."""
    import safetensors.torch  # noqa: F401
    import torch

    from workbench.engine import restore  # noqa: F401
    from workbench.engine.foreign import allowed

    torch.set_num_threads(1)  # each thread reserves tens of MB, so many cores would use it up
    allowed()
    with torch.device("meta"):
        torch.nn.Linear(1, 1)


def limit(arguments: Sequence[Any]) -> None:
    """Bound the processor time and the memory of this process by the files of a request, and by the
    network that they are for."""
    statm = Path("/proc/self/statm")
    if not statm.exists():  # not Linux: the limit of time in `remote` remains
        return
    import resource

    size = sum(map(_size, arguments))
    seconds = time.process_time() + SECONDS + SECONDS_PER_GB * size / 1e9
    held = int(statm.read_text().split()[0]) * resource.getpagesize()
    soft = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 1))  # the second one kills without a word
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY + COPIES * size,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _size(argument: Any) -> int:
    """Bytes of a file, or of the weights of a project's network."""
    if isinstance(argument, Path) and argument.is_file():
        return argument.stat().st_size
    if not isinstance(argument, Project):
        return 0
    try:
        return 4 * sum(step.parameters for step in argument.walk() if not step.depth)
    except UserError:  # told where the network is built
        return 0
