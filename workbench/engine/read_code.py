"""Code of strangers is parsed in a process of its own, with limits on time and memory."""

from collections.abc import Generator
from pathlib import Path

from workbench.core.code_in import load_code, read_code
from workbench.core.events import CodeRead, Event
from workbench.core.layer import Shape


def read(source: Path | str, in_shape: Shape) -> Generator[Event]:
    """The network in a file, or in a text; nothing in it is executed.

    Raises:
        UserError: it can't be read, is no Python, or has no network.
    """
    found = load_code(source) if isinstance(source, Path) else read_code(source)
    yield CodeRead(model=found.model, remarks=tuple(found.remarks(in_shape)))
