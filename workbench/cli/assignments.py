"""`--set PATH=VALUE`: any value of a project's JSON, changed for one run."""

import re
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from workbench.cli.names import named
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.files import parse_json
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.spec import Spec, validated
from workbench.core.train import LossSpec, OptimizerSpec

SHELVES: dict[str, type[Spec]] = {
    "layer": LayerSpec,
    "dataset": DatasetSpec,
    "loss": LossSpec,
    "optimizer": OptimizerSpec,
}
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.\[\]]*=")


def separated(arguments: Sequence[str]) -> list[str]:
    """`--set A=1 B=2 FILE` as `--set A=1 --set B=2 FILE`, which argparse can tell apart."""
    found: list[str] = []
    setting = False
    for argument in arguments:
        assigned = _ASSIGNMENT.match(argument) is not None
        if setting and assigned and found[-1] != "--set":
            found.append("--set")
        setting = argument == "--set" or (setting and assigned)
        found.append(argument)
    return found


def with_options(project: Project, options: Namespace) -> Project:
    """The project with what `--set`, `--epochs` and `--device` say.

    Raises:
        UserError: a path leads nowhere, or a value does not fit.
    """
    content = project.model_dump(mode="json")
    for assignment in options.set:
        _assign(content, assignment)
    for name in ("epochs", "device"):
        if getattr(options, name) is not None:
            content["train"][name] = getattr(options, name)
    return validated(Project, content, "Options")


def _assign(content: dict[str, Any], assignment: str) -> None:
    path, equals, text = assignment.partition("=")
    if not path or not equals:
        raise UserError(
            "--set {given} is not of the form PATH=VALUE, such as train.lr=0.01.", given=assignment
        )
    keys = re.sub(r"\[(-?\d+)\]", r".\1", path).split(".")
    holder: Any = content
    for depth, key in enumerate(keys):
        found = _key(holder, key, ".".join(keys[:depth]))
        if depth < len(keys) - 1:
            holder = holder[found]
    _put(holder, found, _value(text), path)


def _key(holder: Any, key: str, where: str) -> str | int:
    """The key or index of `holder` that `key` means."""
    if isinstance(holder, dict):
        known: dict[str, str] = {name: name for name in holder}
        return named(key, known, f"{where or 'A project'} has no key")
    if not isinstance(holder, list):
        raise UserError("{where} is a single value: it has no {key}.", where=where, key=key)
    if key.isdecimal() and int(key) < len(holder):
        return int(key)
    raise UserError(
        "There is no {where}[{key}]: {where} holds {count}, counted from 0.",
        where=where,
        key=key,
        count=len(holder),
    )


def _put(holder: Any, key: str | int, value: Any, path: str) -> None:
    if isinstance(value, str) and isinstance(holder[key], dict) and "type" in holder[key]:
        holder, key = holder[key], "type"  # train.loss=MSELoss is meant so
    if key == "type":
        retyped = _retyped(holder, str(value), path)
        holder.clear()
        holder.update(retyped)
    else:
        holder[key] = value


def _retyped(fields: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    """Another choice from the same shelf; it keeps the fields that both have and that were set."""
    noun, shelf = next(item for item in SHELVES.items() if fields["type"] in item[1].choices())
    kind = named(name, shelf.choices(), f"There is no {noun}")
    defaults = _defaults(shelf.choices()[fields["type"]])
    kept = {
        field: value
        for field, value in fields.items()
        if field in kind.model_fields and value != defaults.get(field)
    }
    return validated(kind, kept, path).model_dump(mode="json")


def _defaults(kind: type[Spec]) -> dict[str, Any]:
    """What its fields are where nothing is said; files of the user's have no such value."""
    fields = kind.model_fields.items()
    return {name: field.get_default() for name, field in fields if not field.is_required()}


def fields_of(assignments: Sequence[str], noun: str) -> dict[str, Any]:
    """`["data.window=24"]` as `{"window": 24}` for the noun `data`.

    Raises:
        UserError: one is not of this form.
    """
    found = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.startswith(f"{noun}."):
            raise UserError(
                "--set {given} is not of the form {noun}.FIELD=VALUE.", given=assignment, noun=noun
            )
        found[path.removeprefix(f"{noun}.")] = _value(text)
    return found


def _value(text: str) -> Any:
    try:
        return parse_json(text, "VALUE")
    except UserError:
        return text
