"""From PyTorch code to a network: a text is parsed (`ast`), and nothing in it is ever executed.

What the layers can't say is kept as it is, in an opaque layer with the reason.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.core.code_expressions import method
from workbench.core.code_flow import Stack
from workbench.core.code_kept import Modules
from workbench.core.code_reader import Reader
from workbench.core.code_values import Chain, Instance, Item, Unsayable, Untold
from workbench.core.errors import UserError
from workbench.core.files import read_text
from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec
from workbench.core.spec import told

LONGEST_CODE = 500_000  # characters


@dataclass(frozen=True)
class CodeRead:
    """The network of a text. `claims` are the sizes that it gives by layer, such as in_channels,
    which follow from the input here."""

    model: ModelSpec
    claims: dict[str, dict[str, Any]]

    def remarks(self, in_shape: Shape) -> list[str]:
        """Sentences: what could not be said, and where the text contradicts the input's shape."""
        found = [
            f"{layer.name} is kept as code: {getattr(layer, 'reason', '')}."
            for _, layer in self.model.nested()
            if layer.verbatim
        ]
        for step in self.model.walk(in_shape):
            if step.in_shape is None or step.fault:
                continue
            known = step.layer.arguments(step.in_shape) | {"size": (step.out_shape or (0,))[-1]}
            for name, value in self.claims.get(step.layer.name, {}).items():
                if _sizes(known.get(name)) != _sizes(value):
                    found.append(
                        f"{step.layer.name}: the code has {name}={value}, and "
                        f"{known.get(name)} follows from the input."
                    )
        return found


def load_code(path: Path) -> CodeRead:
    """The network in a file of Python.

    Raises:
        UserError: the file can't be read; or see `read_code`.
    """
    return read_code(read_text(path, limit=4 * LONGEST_CODE), str(path))


def read_code(text: str, where: str = "The code") -> CodeRead:
    """The network that a text of Python defines: the last module that no other one uses.

    Raises:
        UserError: it is no Python, has no module, or is too large or too deep to be read.
    """
    try:
        reader = Reader(_parsed(text, where), text)
        modules = Modules(reader)
        items = _main(reader, modules, where)
        return _as_model(items, where)
    except Unsayable as error:
        raise UserError(
            "{where} has a network that can't be read: {reason}.", where=where, reason=error
        ) from error
    except (RecursionError, MemoryError) as error:
        raise UserError("{where} is nested too deeply to be read.", where=where) from error


def _parsed(text: str, where: str) -> ast.Module:
    if len(text) > LONGEST_CODE:
        raise UserError(
            "{where} has {size:,} characters; at most {most:,} are read. Give the part with the "
            "network.",
            where=where,
            size=len(text),
            most=LONGEST_CODE,
        )
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise UserError(
            "{where} is not Python: line {line}: {reason}.",
            where=where,
            line=error.lineno or 1,
            reason=error.msg,
        ) from error
    except ValueError as error:  # null bytes
        raise UserError("{where} is not Python: {reason}.", where=where, reason=error) from error


def _main(reader: Reader, modules: Modules, where: str) -> Stack:
    """The layers of the module that is meant."""
    name = _meant(reader)
    if name is None:
        raise UserError(
            "{where} defines no network: it has neither a class with a forward nor an "
            "nn.Sequential.",
            where=where,
        )
    module = reader.names[name]
    if not isinstance(module, Chain):
        module = _made(reader, modules, reader.classes[name])
    if isinstance(module, Item):
        return (module,)
    stack = modules.stack(module)
    only = stack[0] if len(stack) == 1 else None
    if only and isinstance(only.module, Chain) and only.spec.kind == "Group" and only.stacks:
        return only.stacks[0]  # a class around one nn.Sequential
    return stack


def _meant(reader: Reader) -> str | None:
    """The last class or nn.Sequential that no other one uses."""
    nodes = reader.classes
    classes = [name for name, node in nodes.items() if _has_forward(reader, node)]
    used = {
        each.id
        for name, node in reader.classes.items()
        for part in (*node.bases, *node.body)
        for each in ast.walk(part)
        if isinstance(each, ast.Name) and each.id != name
    }
    chains = [name for name, value in reader.names.items() if isinstance(value, Chain)]
    free = [name for name in classes if name not in used] or classes
    return next(reversed(free or chains), None)


def _has_forward(reader: Reader, cls: ast.ClassDef) -> bool:
    try:
        return method(reader.lineage(cls), "forward") is not None
    except Unsayable:  # it has too many bases to tell, and is kept
        return True


def _made(reader: Reader, modules: Modules, cls: ast.ClassDef) -> Instance | Item:
    """A module of the class, with the arguments of the first call that tells them."""
    told: Unsayable | None = None
    for call in [*_calls(reader.tree, cls.name), None]:
        try:
            if call is None:
                return reader.instance(cls, [], {}, f"{cls.name}()")
            made = reader.evaluate(call, {})
            if isinstance(made, Instance):
                return made
        except Unsayable as error:
            told = error
    if isinstance(told, Untold):
        raise UserError(
            "{name} can't be made: {reason}. Give it a default, or a call such as "
            "net = {name}(...).",
            name=cls.name,
            reason=told,
        )
    return modules.kept_class(cls, f"{cls.name}()", "net", str(told))


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            continue
        for node in ast.walk(statement):
            func = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and isinstance(func, ast.Name) and func.id == name:
                yield node


def _as_model(items: Stack, where: str) -> CodeRead:
    taken: set[str] = set()
    try:
        model = ModelSpec(layers=tuple(_layer(item, taken) for item in items))
    except ValidationError as error:
        raise told(error, where) from error
    flat = [each for item in items for each in item.every()]
    layers = [layer for _, layer in model.nested()]
    claims = {
        layer.name: item.claims for layer, item in zip(layers, flat, strict=True) if item.claims
    }
    return CodeRead(model, claims)


def _layer(item: Item, taken: set[str]) -> LayerSpec:
    """An item as a layer, under its name where that is free."""
    spec = item.spec
    if item.name and item.name not in taken:
        taken.add(item.name)
        spec = spec.replace(name=item.name)
    if item.stacks is None:
        return spec
    stacks = [tuple(_layer(inner, taken) for inner in stack) for stack in item.stacks]
    return spec.with_stacks(stacks)  # type: ignore[attr-defined,no-any-return]


def _sizes(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Sequence) else (value,)
