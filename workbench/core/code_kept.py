"""Modules of a text as layers; what no layer says is kept with all that it needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from workbench.core.code_flow import Flow, Stack, only_target
from workbench.core.code_forward import Tracer
from workbench.core.code_reader import Reader
from workbench.core.code_values import (
    Chain,
    Environment,
    Instance,
    Item,
    Leaf,
    Unsayable,
    is_plain,
    step,
)
from workbench.core.codegen import class_name
from workbench.core.layer import LayerSpec
from workbench.core.verbatim import renamed

DEEPEST = 25
ALWAYS_THERE = ("torch", "nn")  # imported by all code that is written


class Modules:
    """Makes layers of modules."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._depth = 0

    def stack(self, module: Chain | Instance) -> Stack:
        """The layers of a whole network."""
        if isinstance(module, Chain):
            return self._children(module)
        try:
            return self._traced(module)
        except Unsayable as error:
            return (self.kept_class(module.cls, module.call, "net", str(error)),)

    def _traced(self, module: Instance) -> Stack:
        if any(each.decorator_list for each in self.reader.lineage(module.cls)):
            raise Unsayable("its class is decorated")
        return Tracer(self, module).stack()

    def item(self, module: Any, name: str) -> Item:
        """A module as a layer, under a name if it may have it."""
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                raise Unsayable("it is nested too deeply")
            return self._item(module, name if _is_usable(name) else "")
        finally:
            self._depth -= 1

    def _item(self, module: Any, name: str) -> Item:
        if isinstance(module, Leaf):
            return Item(module.spec, name, module, claims=module.claims)
        if isinstance(module, Chain):
            return self._chain(module, name)
        title = _title(module.cls, name)
        try:
            stack = self._traced(module)
        except Unsayable as error:
            return self.kept_class(module.cls, module.call, name or "kept", str(error))
        group = LayerSpec.named("Group").model_validate({"title": title})
        return Item(group, name, module, (stack,))

    def _chain(self, chain: Chain, name: str) -> Item:
        if not chain.is_called:
            raise Unsayable("an nn.ModuleList can't be called")
        items = self._children(chain)
        kinds = {
            module.cls if isinstance(module, Instance) else None for _, module in chain.children
        }
        alike = len({item.outline()[2] for item in items}) == 1 and len(kinds) == 1
        times = len(items)
        if alike and None not in kinds and times <= 100 and not items[0].spec.verbatim:
            repeat = LayerSpec.named("Repeat").model_validate({"times": times})
            return Item(repeat, name, chain, items[0].stacks)
        return Item(LayerSpec.named("Group")(), name, chain, (items,))

    def _children(self, chain: Chain) -> Stack:
        step(20 + len(chain.children))  # a block takes as long as twenty steps
        items = tuple(self.item(module, name) for name, module in chain.children)
        for item in items:
            if {"output", "num_heads"} & set(type(item.spec).model_fields):
                raise Unsayable(f"{item.spec.kind} in an nn.Sequential gives two results")
        return items

    def kept_class(self, cls: ast.ClassDef, call: str, name: str, reason: str) -> Item:
        """A class as it stands, with all of the text that it uses."""
        return self._opaque(
            name,
            reason,
            definitions=self._needed([cls, ast.parse(call)]),
            assignments=f"self.{name} = {call}",
            statements=f"x = self.{name}(x)",
        )

    def kept_statement(
        self, node: ast.stmt, names: Environment, instance: Instance, reason: str
    ) -> tuple[str, Item, Flow] | None:
        """A statement that makes one variable of one other, with what it uses of the module.

        Gives the variable, the layer and what it is behind; None if it is no such statement.
        """
        target = "x" if isinstance(node, ast.Return) else only_target(node)
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        flows = [name for name in read if isinstance(names.get(name), Flow)]
        if isinstance(node, ast.Assign):
            inner = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            flows = [name for name in flows if name in inner]
        if target is None or len(flows) != 1 or "x" in read - {target, flows[0]}:
            return None
        used = _attributes(node)
        if used is None or any(name not in instance.assignments for name in used):
            return None
        for name in read - {"self", target, flows[0]}:
            if name in names and not is_plain(names[name]):
                return None
        assignments = [instance.assignments[name] for name in sorted(used)]
        if isinstance(node, ast.Return) and node.value:
            text = f"x = ({self.reader.filled_in(node.value, names)})"
        else:
            text = self.reader.filled_in(node, names)
        if (flows[0], target) != ("x", "x"):
            text = renamed(text, {flows[0]: "x", target: "x"})
        trees = [node, *(ast.parse(each) for each in assignments)]
        item = self._opaque(
            "",
            reason,
            definitions=self._needed(trees),
            assignments="\n".join(assignments),
            statements=text,
        )
        source = names[flows[0]]
        assert isinstance(source, Flow)
        return target, item, source

    @staticmethod
    def _opaque(name: str, reason: str, **texts: str) -> Item:
        fields = {"reason": reason[:500], **texts}
        try:
            spec = LayerSpec.named("Opaque").model_validate(fields)
        except ValidationError as error:
            raise Unsayable("it is too long to be kept") from error
        return Item(spec, name, object())

    def _needed(self, nodes: list[Any]) -> str:
        """The source of everything in the text that these use by name."""
        found: set[ast.stmt] = set()
        by_name = dict(self._definitions())
        found.update(node for node in nodes if isinstance(node, ast.ClassDef))
        queue: list[ast.AST] = list(nodes)
        while queue:
            for child in ast.walk(queue.pop()):
                definition = by_name.get(child.id) if isinstance(child, ast.Name) else None
                if definition is not None and definition not in found:
                    found.add(definition)
                    queue.append(definition)
        ordered = sorted(found, key=lambda node: node.lineno)
        return "\n\n\n".join(self.reader.source(node) for node in ordered)

    def _definitions(self) -> Iterator[tuple[str, ast.stmt]]:
        for node in self.reader.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield node.name, node
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    if name not in ALWAYS_THERE:
                        yield name, node
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        yield target.id, node


def _title(cls: ast.ClassDef, name: str) -> str:
    """What a group of this class is called beside its name."""
    docstring = ast.get_docstring(cls) or ""
    if docstring and len(docstring) <= 64 and docstring.isprintable():
        return docstring
    return "" if class_name(name) == cls.name else cls.name[:64]


def _is_usable(name: str) -> bool:
    try:
        LayerSpec.named("ReLU")(name=name)
    except ValidationError:
        return False
    return True


def _attributes(node: ast.stmt) -> set[str] | None:
    """The attributes of `self` that a statement uses; None if it uses `self` in another way."""
    owners = [n.value for n in ast.walk(node) if isinstance(n, ast.Attribute)]
    bare = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == "self"]
    if any(each not in owners for each in bare):
        return None
    return {
        n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"
    }
