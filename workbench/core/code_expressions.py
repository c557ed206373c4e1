"""What expressions of Python give, as far as constants and modules go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import Any

from workbench.core.code_values import (
    COMPARISONS,
    COPIED,
    FAULTS,
    LARGEST_NUMBER,
    LONGEST_LIST,
    Chain,
    Environment,
    Instance,
    Kind,
    Late,
    Torch,
    Unknown,
    Unsayable,
    bounded,
    calculated,
    is_plain,
    step,
    truth,
)


class Named(dict[str, Any]):
    """Modules by name, as an OrderedDict has them."""


class Expressions:
    """Calculates expressions; `names` are those that the whole text knows."""

    def __init__(self, names: Environment) -> None:
        self.names = names
        self.classes: dict[str, ast.ClassDef] = {}

    def bind(self, target: ast.expr, value: Any, names: Environment) -> None:
        """Assign to a name, or to several."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr, names: Environment) -> Any:
        """The value of an expression.

        Raises:
            Unsayable: it is none of those that are known here.
        """
        step()
        if isinstance(node, ast.Constant):
            is_large = isinstance(node.value, int) and node.value > LARGEST_NUMBER
            return node.value if not is_large else calculated(ast.Add(), node.value, 0)
        found = getattr(self, f"_{type(node).__name__.lower()}", None)
        if found is None:
            raise Unsayable(f"line {node.lineno} has an expression that is not known here")
        try:
            return found(node, names)
        except FAULTS as error:
            raise Unsayable(f"line {node.lineno} has an expression that can't be done") from error

    def _name(self, node: ast.Name, names: Environment) -> Any:
        for known in (names, self.names):
            if node.id in known:
                value = known[node.id]
                if isinstance(value, Unknown):
                    raise Unsayable(value.reason)
                return value
        if node.id in BUILTINS or node.id in ("super", "print", "isinstance"):
            return Torch(f"builtins.{node.id}")
        raise Unsayable(f"{node.id} in line {node.lineno} is not known")

    def _attribute(self, node: ast.Attribute, names: Environment) -> Any:
        owner = self.evaluate(node.value, names)
        if isinstance(owner, Torch):
            return Torch(f"{owner.path}.{node.attr}")
        if isinstance(owner, Instance):
            return self.attribute(owner, node.attr)
        if isinstance(owner, list) and node.attr in ("append", "extend"):
            return getattr(owner, node.attr)
        if isinstance(owner, Kind) and isinstance(owner.node, ast.ClassDef):
            return self._class_constant(owner.node, node.attr)
        raise Unsayable(f".{node.attr} in line {node.lineno} is not known")

    def attribute(self, owner: Instance, name: str) -> Any:
        """An attribute of a module: a module, a constant, or a method."""
        if name in owner.attributes:
            value = owner.attributes[name]
            if isinstance(value, Unknown):
                raise Unsayable(value.reason)
            return value
        if name == "training":
            return Late.TRAINING
        return self._class_constant(owner.cls, name)

    def lineage(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        """A class and those of the text that it inherits from.

        Raises:
            Unsayable: it inherits from several.
        """
        line = [cls]
        while True:
            names = [base.id for base in line[-1].bases if isinstance(base, ast.Name)]
            known = [self.classes[name] for name in names if name in self.classes]
            if not known:
                return line
            if len(line[-1].bases) > 1 or known[0] in line:
                raise Unsayable(f"{cls.name} has bases that are not followed")
            line += known

    def _class_constant(self, cls: ast.ClassDef, name: str) -> Any:
        for node in (node for each in self.lineage(cls) for node in reversed(each.body)):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return Kind(node)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    return self.evaluate(node.value, {})
        raise Unsayable(f"{cls.name} has no {name}")

    def _tuple(self, node: ast.Tuple, names: Environment) -> Any:
        return tuple(self._elements(node.elts, names))

    def _list(self, node: ast.List, names: Environment) -> Any:
        return list(self._elements(node.elts, names))

    def _elements(self, nodes: list[ast.expr], names: Environment) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.iterated(node.value, names)
            else:
                yield self.evaluate(node, names)

    def _dict(self, node: ast.Dict, names: Environment) -> Any:
        if None in node.keys:
            raise Unsayable("it unpacks a dict")
        keys = [self.evaluate(key, names) for key in node.keys if key]
        values = [self.evaluate(value, names) for value in node.values]
        return Named(zip(keys, values, strict=True))

    def _unaryop(self, node: ast.UnaryOp, names: Environment) -> Any:
        value = self.evaluate(node.operand, names)
        if isinstance(node.op, ast.Not):
            return not truth(value)
        return calculated(ast.Mult(), -1 if isinstance(node.op, ast.USub) else 1, value)

    def _binop(self, node: ast.BinOp, names: Environment) -> Any:
        return calculated(
            node.op, self.evaluate(node.left, names), self.evaluate(node.right, names)
        )

    def _boolop(self, node: ast.BoolOp, names: Environment) -> Any:
        is_and = isinstance(node.op, ast.And)
        value: Any = is_and
        for each in node.values:
            value = self.evaluate(each, names)
            if truth(value) != is_and:
                return value
        return value

    def _compare(self, node: ast.Compare, names: Environment) -> bool:
        left = self.evaluate(node.left, names)
        for operator, each in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(each, names)
            is_same = isinstance(operator, ast.Is | ast.IsNot)
            if not is_same and not (is_plain(left) and is_plain(right)):
                raise Unsayable(f"line {node.lineno} compares what is no number or word")
            if not COMPARISONS[type(operator)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp, names: Environment) -> Any:
        test = truth(self.evaluate(node.test, names))
        return self.evaluate(node.body if test else node.orelse, names)

    def _subscript(self, node: ast.Subscript, names: Environment) -> Any:
        owner, index = self.evaluate(node.value, names), self.evaluate(node.slice, names)
        if isinstance(owner, Chain):
            owner = few(owner)
        if isinstance(index, slice) and isinstance(owner, list | tuple | str):
            step(len(owner) // COPIED)
        return owner[index]

    def _slice(self, node: ast.Slice, names: Environment) -> slice:
        ends = (node.lower, node.upper, node.step)
        return slice(*(self.evaluate(end, names) if end else None for end in ends))

    def _joinedstr(self, node: ast.JoinedStr, names: Environment) -> str:
        parts = [self.evaluate(part, names) for part in node.values]
        if not is_plain(parts):
            raise Unsayable(f"line {node.lineno} has a text of what is no number or word")
        return str(bounded("".join(map(str, parts))))

    def _formattedvalue(self, node: ast.FormattedValue, names: Environment) -> Any:
        return self.evaluate(node.value, names)

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: Environment) -> list[Any]:
        if len(node.generators) != 1:
            raise Unsayable(f"line {node.lineno} has loops in a loop")
        (loop,) = node.generators
        inner, made = dict(names), []
        for value in self.iterated(loop.iter, names):
            self.bind(loop.target, value, inner)
            if all(truth(self.evaluate(test, inner)) for test in loop.ifs):
                made.append(self.evaluate(node.elt, inner))
        return list(bounded(made))

    _generatorexp = _listcomp

    def iterated(self, node: ast.expr, names: Environment) -> list[Any]:
        """What a loop goes through."""
        found = self.evaluate(node, names)
        if not isinstance(found, list | tuple | range | str | Chain):
            raise Unsayable(f"line {node.lineno} loops over what is no list")
        return few(found)


def method(lineage: list[ast.ClassDef], name: str) -> ast.FunctionDef | None:
    """The method that a class of these bases has."""
    body = [node for cls in lineage for node in reversed(cls.body)]
    found = (n for n in body if isinstance(n, ast.FunctionDef) and n.name == name)
    return next(found, None)


def few(values: Any) -> list[Any]:
    """A list of what may be without end."""
    if isinstance(values, Chain):
        values = [child for _, child in values.children]
    found = list(bounded(list(islice(values, LONGEST_LIST + 1))))
    step(len(found) // COPIED)
    return found


def _number(kind: type[int] | type[float], value: Any) -> Any:
    if not isinstance(value, int | float):
        raise ValueError("no number")
    return kind(value)


BUILTINS: dict[str, Any] = {
    "range": lambda *ends: range(*ends),
    "len": lambda v: len(v.children) if isinstance(v, Chain) else len(v),
    "list": lambda v=(): few(v),
    "tuple": lambda v=(): tuple(few(v)),
    "int": lambda v: _number(int, v),
    "float": lambda v: _number(float, v),
    "max": lambda *v: max(*few(v)),
    "min": lambda *v: min(*few(v)),
    "sum": lambda v: sum(few(v)),
    "round": lambda v: round(_number(float, v)),
    "abs": lambda v: abs(_number(float, v)),
    "enumerate": lambda v: list(enumerate(few(v))),
    "zip": lambda *v: list(zip(*map(few, v), strict=False)),
    "reversed": lambda v: few(v)[::-1],
    "print": lambda *v, **k: None,
}
