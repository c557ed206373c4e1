"""`data check`: what is wrong with data, before time is spent on training on them."""

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.data import SPLITS, DatasetSpec
from workbench.core.data_check import DataChecked, Finding
from workbench.core.project import SUFFIX, load_project

FOUND = 1


def check(options: Namespace) -> int:
    """Tell what is wrong with the data of a project, or with a file or folder of data.

    The exit code is 1 where something is worse than good to know.

    Raises:
        UserError: it can't be opened, or is damaged.
    """
    path = Path(options.path)
    data = load_project(path).data if path.suffix == SUFFIX else recognized(path)
    checked = _checked(data)
    if options.json:
        print(json.dumps(_content(path, data, checked), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_text(data, checked)))
    return FOUND if any(f.severity != "note" for f in checked.findings) else 0


def recognized(path: Path) -> DatasetSpec:
    """The dataset that a file or folder holds.

    Raises:
        UserError: nothing can open it, or it is damaged.
    """
    from workbench.core.events import DatasetRecognized
    from workbench.engine.sources import recognize

    *_, last = recognize(path)
    assert isinstance(last, DatasetRecognized)
    return last.data


def _checked(data: DatasetSpec) -> DataChecked:
    from workbench.engine.data_check import check

    *_, last = check(data)
    assert isinstance(last, DataChecked)
    return last


def _content(path: Path, data: DatasetSpec, checked: DataChecked) -> dict[str, object]:
    return {
        "path": str(path),
        "title": data.info().title,
        "samples": checked.samples,
        "findings": [finding.to_dict() for finding in checked.findings],
    }


def _text(data: DatasetSpec, checked: DataChecked) -> Iterator[str]:
    info = data.info()
    sizes = ", ".join(f"{info.sizes[split]:,} {split}" for split in SPLITS)
    yield f"{info.title}: {checked.samples:,} samples ({sizes})"
    if not checked.findings:
        yield "nothing wrong was found"
        return
    for finding in checked.findings:
        yield ""
        yield f"{finding.severity:<9}{finding.to_dict()['message']}"
        yield from (f"{'':9}{line}" for line in _details(finding))


def _details(finding: Finding) -> list[str]:
    lines = [finding.to_dict()["advice"]]
    if finding.where:
        more = finding.count - len(finding.where)
        lines.append(", ".join(finding.where) + (f" and {more:,} more" if more > 0 else ""))
    return lines
