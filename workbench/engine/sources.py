"""From a path that a person names or drops to the dataset that it holds."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import DatasetRecognized, Event
from workbench.core.file_source import FileSource, readable


def recognize(path: Path | str, kind: str = "", **options: Any) -> Generator[Event]:
    """Find what a file or folder holds: Progress, then DatasetRecognized.

    The first source on the shelf that recognizes it takes it, unless `kind` names one; `options`
    are fields of the source, such as a table's `target`.

    Raises:
        UserError: nothing can open it, it is damaged, or an option does not suit it.
    """
    path = Path(path).expanduser().absolute()
    with readable(path):
        path.stat()
        source = _named(kind) if kind else _recognizing(path)
        _check_options(source, path, options)
        data = yield from source.found(path, **options)
    yield DatasetRecognized(data=data)


def reopen(data: FileSource) -> Generator[Event]:
    """`recognize` the files of `data` as they are now, with all its options kept.

    Raises:
        UserError: see `recognize`; or an option, such as a column, is no longer there.
    """
    given = data.model_fields_set - {"path", "facts"}
    options = {name: getattr(data, name) for name in sorted(given)}
    yield from recognize(data.path, data.kind, **options)


def resurveyed(data: FileSource) -> Generator[Event]:
    """`recognize` a table with the header that is wished now. Its columns have other names then,
    so that choices of them are made anew.

    Raises:
        UserError: see `recognize`.
    """
    yield from recognize(data.path, data.kind, header=getattr(data, "header", "auto"))


def sources() -> list[type[FileSource]]:
    """All that can open files, in the order in which they are asked."""
    kinds = DatasetSpec.choices().values()
    return [kind for kind in kinds if issubclass(kind, FileSource)]


def _named(kind: str) -> type[FileSource]:
    return next(source for source in sources() if source.__name__ == kind)


def _recognizing(path: Path) -> type[FileSource]:
    for source in sources():
        if source.recognizes(path):
            return source
    if path.is_dir() and not any(path.iterdir()):
        raise UserError("{path} is an empty folder: there is nothing to train on.", path=path)
    raise UserError(
        "{path} is nothing that can be opened as data; these can: {known}.",
        path=path,
        known=", ".join(source.opens for source in sources()),
    )


def _check_options(source: type[FileSource], path: Path, options: dict[str, Any]) -> None:
    for option in options:
        if option not in source.model_fields or option in ("path", "facts"):
            raise UserError(
                "{path} is opened as {title}, which has no {option}.",
                path=path,
                title=source.title,
                option=option,
            )
