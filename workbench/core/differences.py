"""The settings in which projects differ, side by side."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.spec import Spec

MISSING = "—"
_UNTOLD = ("type", "version", "name")


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that not all projects have alike; `values` has a text for each of them."""

    path: str
    """As `--set` takes it, but with layers by their names: `model.conv1.out_channels`."""
    title: str
    values: tuple[str, ...]


def differences(projects: Sequence[Project]) -> list[Difference]:
    """The settings that differ: the recipe first, then the data, then the network.

    A layer that all have under one name is told by its arguments, any other one as a whole.
    """
    told = [dict(_settings(project)) for project in projects]
    order = dict.fromkeys(path for settings in told for path in settings)
    whole = {path for path in order if _is_layer(path) and not _is_alike(path, told)}
    found = []
    for path in order:
        values = tuple(each[path][1] if path in each else MISSING for each in told)
        if len(set(values)) > 1 and _is_told(path, whole):
            title = next(each[path][0] for each in told if path in each)
            found.append(Difference(path, title, values))
    return found


def _is_layer(path: str) -> bool:
    return path.startswith("model.") and path.count(".") == 1


def _is_alike(path: str, told: Sequence[dict[str, tuple[str, str]]]) -> bool:
    return len({each[path][1].partition(" ")[0] if path in each else "" for each in told}) == 1


def _is_told(path: str, whole: set[str]) -> bool:
    if path == "model":  # layers that only some have say it already
        return not whole
    if _is_layer(path):
        return path in whole
    return ".".join(path.split(".")[:2]) not in whole


_Setting = tuple[str, tuple[str, str]]
"""A path, and the title and text of what stands there."""


def _settings(project: Project) -> Iterator[_Setting]:
    yield from _fields(project.train, "train", "")
    yield "data", ("Dataset", project.data.info().title)
    yield from _fields(project.data, "data", "Data")
    order = " → ".join(layer.name for _, layer in project.model.nested())
    for _, layer in project.model.nested():
        words = f"{layer.kind} {layer.words()}".strip()
        yield f"model.{layer.name}", (f"Layer {layer.name}", words)
        yield from _fields(layer, f"model.{layer.name}", layer.name)
    yield "model", ("Order of layers", order)
    yield "notes", ("Notes", project.notes)


def _fields(spec: Spec, path: str, owner: str) -> Iterator[_Setting]:
    for name, told in type(spec).model_fields.items():
        value = getattr(spec, name)
        if name in _UNTOLD or _holds_layers(spec, value):
            continue
        title = " › ".join(filter(None, (owner, told.title or name)))
        if isinstance(value, Spec):
            yield f"{path}.{name}", (title, value.kind)
            yield from _fields(value, f"{path}.{name}", value.kind)
        else:
            yield f"{path}.{name}", (title, _text(value))


def _holds_layers(spec: Spec, value: Any) -> bool:
    return isinstance(spec, BlockSpec) and isinstance(value, tuple) and _are_layers(value)


def _are_layers(values: Iterable[Any]) -> bool:
    return any(
        isinstance(value, LayerSpec) or (isinstance(value, tuple) and _are_layers(value))
        for value in values
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):  # rounded, two that differ would be told as the same
        return min(f"{value:g}", repr(value), key=lambda text: (float(text) != value, len(text)))
    if isinstance(value, Spec):
        arguments = dict(_fields(value, "", ""))
        told = ", ".join(f"{path[1:]} {text}" for path, (_, text) in arguments.items())
        return f"{value.kind} ({told})" if told else value.kind
    if isinstance(value, tuple | list):
        return " × ".join(map(_text, value)) if _is_size(value) else ", ".join(map(_text, value))
    return "" if value is None else str(value)


def _is_size(values: Sequence[Any]) -> bool:
    return 1 < len(values) < 4 and all(type(value) is int for value in values)
