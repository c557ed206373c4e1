"""`templates`, `datasets` and `layers`: what can be named."""

import json
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.tables import table
from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec, shape_text
from workbench.core.template import Template

Rows = list[dict[str, Any]]


def templates(options: Namespace) -> int:
    """List the templates with the dataset that each starts with."""
    rows = [
        {
            "name": kind.name,
            "topic": kind.topic,
            "title": kind.title,
            "dataset": kind.dataset,
            "summary": kind.summary,
        }
        for kind in Template.by_topic()
    ]
    return _told(rows, ("name", "topic", "dataset", "summary"), options)


def datasets(options: Namespace) -> int:
    """List the datasets."""
    return _told([_dataset(kind) for kind in DatasetSpec.offered().values()], DATASET, options)


def layers(options: Namespace) -> int:
    """List the layers with their arguments."""
    rows = [
        {
            "name": name,
            "category": kind.category,
            "arguments": _defaults(kind),
            "summary": kind.summary,
        }
        for name, kind in LayerSpec.choices().items()
        if kind.in_palette
    ]
    return _told(rows, ("name", "category", "arguments"), options)


LISTS: dict[str, Callable[[Namespace], int]] = {
    "templates": templates,
    "datasets": datasets,
    "layers": layers,
}
DATASET = ("name", "task", "shape", "summary")


def _dataset(kind: type[DatasetSpec]) -> dict[str, Any]:
    info = kind().info()
    return {
        "name": kind.__name__,
        "title": kind.title,
        "task": info.task,
        "shape": info.shape,
        "classes": info.classes,
        "sizes": info.sizes,
        "origin": info.origin,
        "summary": kind.summary,
    }


def _defaults(kind: type[LayerSpec]) -> dict[str, Any]:
    fields = kind().model_dump(mode="json")
    return {name: value for name, value in fields.items() if name not in ("type", "name")}


def _told(rows: Rows, columns: tuple[str, ...], options: Namespace) -> int:
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print(table([columns, *([_text(row[name]) for name in columns] for row in rows)]))
    return 0


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={json.dumps(item)}" for name, item in value.items())
    return shape_text(value) if isinstance(value, tuple) else str(value)
