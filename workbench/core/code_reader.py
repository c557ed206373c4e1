"""A text of Python with its classes: what stands in it is calculated, never executed."""

from __future__ import annotations

import ast
from types import BuiltinMethodType
from typing import Any

from workbench.core.code_expressions import BUILTINS, Expressions, Named, few
from workbench.core.code_layers import constructed
from workbench.core.code_values import (
    Chain,
    Environment,
    Instance,
    Kind,
    Leaf,
    Torch,
    Unknown,
    Unsayable,
    Untold,
    bounded,
    calculated,
    is_plain,
    truth,
)

DEEPEST_CALL = 40
KNOWN = {"nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch"}


class _Returned(Exception):  # noqa: N818  how a function's value leaves its statements
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Reader(Expressions):
    """Knows the classes, functions, imports and constants of a text."""

    def __init__(self, tree: ast.Module, text: str) -> None:
        self.lines = text.splitlines()
        super().__init__({name: Torch(path) for name, path in KNOWN.items()})
        self.classes: dict[str, ast.ClassDef] = {}
        self.tree = tree
        self._depth = 0
        for node in tree.body:
            self._know(node)

    def _know(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            self.names[node.name] = Kind(node)
            if isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
        elif isinstance(node, ast.Assign):
            try:
                self.execute([node], self.names)
            except Unsayable:
                pass

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = getattr(node, "module", None)
        for name in node.names:
            path = f"{module}.{name.name}" if module else name.name
            if path.split(".")[0] in ("torch", "torchvision", "collections"):
                known = path if module or name.asname else path.split(".")[0]
                self.names[name.asname or name.name.split(".")[0]] = Torch(known)

    def source(self, node: ast.stmt | ast.expr) -> str:
        """The text of a node, as it stands there."""
        lines = self.lines[node.lineno - 1 : node.end_lineno]
        rest = lines[-1].encode()[node.end_col_offset :].decode()
        if not (isinstance(node, ast.stmt) and rest.lstrip().startswith("#")):
            lines[-1] = lines[-1].encode()[: node.end_col_offset].decode()
        lines[0] = lines[0].encode()[node.col_offset :].decode()
        cut = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
        cut = min(cut, node.col_offset)
        return "\n".join([lines[0], *(line[cut:] for line in lines[1:])])

    # -- statements

    def execute(self, statements: list[ast.stmt], names: Environment) -> None:
        """Follow statements that make constants and modules."""
        for node in statements:
            self.step()
            self._statement(node, names)

    def _statement(self, node: ast.stmt, names: Environment) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assign(node, names)
        elif isinstance(node, ast.Expr):
            if not isinstance(node.value, ast.Constant):
                self.evaluate(node.value, names)
        elif isinstance(node, ast.If):
            taken = node.body if truth(self.evaluate(node.test, names)) else node.orelse
            self.execute(taken, names)
        elif isinstance(node, ast.For):
            for value in self.iterated(node.iter, names):
                self.bind(node.target, value, names)
                self.execute(node.body, names)
        elif isinstance(node, ast.Return):
            raise _Returned(self.evaluate(node.value, names) if node.value else None)
        elif not isinstance(node, ast.Pass | ast.Assert | ast.Import | ast.ImportFrom):
            raise Unsayable(f"line {node.lineno} is a {type(node).__name__.lower()} statement")

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, names: Environment) -> None:
        if node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        try:
            value = self.evaluate(node.value, names)
            if isinstance(node, ast.AugAssign):
                value = calculated(node.op, self.evaluate(node.target, names), value)
        except Unsayable as error:
            if isinstance(node, ast.AugAssign):
                raise
            value = Unknown(str(error))
        for target in targets:
            if isinstance(target, ast.Attribute):
                self._set_attribute(target, value, node, names)
            else:
                self.bind(target, value, names)

    def _set_attribute(
        self, target: ast.Attribute, value: Any, node: ast.stmt, names: Environment
    ) -> None:
        owner = self.evaluate(target.value, names)
        if not isinstance(owner, Instance):
            raise Unsayable(f"line {node.lineno} changes an attribute of something else")
        owner.attributes[target.attr] = value
        owner.assignments[target.attr] = self.filled_in(node, names)

    def filled_in(self, node: ast.stmt | ast.expr, names: Environment) -> str:
        """The text of a node with the constants that its names stand for."""
        local = {n for n, value in names.items() if n != "self" and is_plain(value)}
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if not used & local:
            return self.source(node)
        filled = ast.parse(self.source(node))
        for child in ast.walk(filled):
            for key, each in ast.iter_fields(child):
                if isinstance(each, list):
                    each[:] = [_constant(item, names, local) for item in each]
                elif key != "targets":
                    setattr(child, key, _constant(each, names, local))
        return ast.unparse(filled)

    def bind(self, target: ast.expr, value: Any, names: Environment) -> None:
        """Assign to a name, or to several."""
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, list | tuple):
            if len(target.elts) != len(value):
                raise Unsayable(f"line {target.lineno} has another number of names than values")
            for each, item in zip(target.elts, value, strict=True):
                self.bind(each, item, names)
        else:
            raise Unsayable(f"line {target.lineno} assigns to what is no name")

    # -- calls

    def _call(self, node: ast.Call, names: Environment) -> Any:
        if isinstance(node.func, ast.Attribute) and _is_super(node.func.value):
            return None
        func = self.evaluate(node.func, names)
        args = list(self._elements(node.args, names))
        if any(keyword.arg is None for keyword in node.keywords):
            raise Unsayable(f"line {node.lineno} unpacks a dict")
        keywords = {k.arg: self.evaluate(k.value, names) for k in node.keywords if k.arg}
        if isinstance(func, Kind):
            if isinstance(func.node, ast.ClassDef):
                return self.instance(func.node, args, keywords, self.filled_in(node, names))
            owner = names.get("self") if isinstance(node.func, ast.Attribute) else None
            return self.result(func.node, [owner, *args] if owner else args, keywords)
        if isinstance(func, Torch):
            return self._torch_call(func.path, args, keywords)
        if isinstance(func, BuiltinMethodType) and isinstance(func.__self__, list):
            func(*(few(each) if func.__name__ == "extend" else each for each in args))
            bounded(func.__self__)
            return None
        raise Unsayable(f"line {node.lineno} calls what is not known")

    def _torch_call(self, path: str, args: list[Any], keywords: dict[str, Any]) -> Any:
        room, _, name = path.rpartition(".")
        if room == "builtins" and name in BUILTINS:
            try:
                return BUILTINS[name](*args, **keywords)
            except (TypeError, ValueError, IndexError) as error:
                raise Unsayable(f"{name}() can't be done") from error
        if path == "collections.OrderedDict":
            return Named(args[0].items() if isinstance(args[0], Named) else args[0])
        if room == "torch.nn" and name in ("Sequential", "ModuleList"):
            return _chain(args, is_called=name == "Sequential")
        return constructed(path, args, keywords)

    def instance(
        self, cls: ast.ClassDef, args: list[Any], keywords: dict[str, Any], call: str
    ) -> Instance:
        """A module of a class in the text, its `__init__` followed."""
        made = Instance(cls, call)
        found = [n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        if found:
            self.result(found[0], [made, *args], keywords)
        return made

    def result(self, function: ast.FunctionDef, args: list[Any], keywords: dict[str, Any]) -> Any:
        """What a function of the text gives."""
        self._depth += 1
        if self._depth > DEEPEST_CALL:
            raise Unsayable(f"{function.name} calls itself too deeply")
        try:
            self.execute(function.body, self.arguments(function, args, keywords))
        except _Returned as returned:
            return returned.value
        finally:
            self._depth -= 1
        return None

    def arguments(
        self, function: ast.FunctionDef, args: list[Any], keywords: dict[str, Any]
    ) -> Environment:
        """The names within a function that is called so."""
        told = function.args
        order = [each.arg for each in (*told.posonlyargs, *told.args)]
        defaults = told.defaults
        names = {n: self.evaluate(d, {}) for n, d in zip(order[::-1], defaults[::-1], strict=False)}
        for each, default in zip(told.kwonlyargs, told.kw_defaults, strict=True):
            order.append(each.arg)
            if default:
                names[each.arg] = self.evaluate(default, {})
        if len(args) > len(order) or set(keywords) - set(order):
            raise Unsayable(f"{function.name} is called with arguments that it does not have")
        names |= {**dict(zip(order, args, strict=False)), **keywords}
        missing = [name for name in order if name not in names]
        if missing:
            raise Untold(f"{function.name} needs {missing[0]}, which is not told")
        return names


def _chain(args: list[Any], *, is_called: bool) -> Chain:
    if len(args) == 1 and isinstance(args[0], Named):
        return Chain([(str(name), child) for name, child in args[0].items()], is_called)
    if len(args) == 1 and isinstance(args[0], list | tuple) and not is_called:
        args = list(args[0])
    for child in args:
        if not isinstance(child, Leaf | Chain | Instance):
            raise Unsayable("it holds what is no module")
    return Chain([("", child) for child in args], is_called)


def _is_super(node: ast.expr) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return is_call and node.func.id == "super"  # type: ignore[attr-defined]


def _constant(item: Any, names: Environment, local: set[str]) -> Any:
    if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load) and item.id in local:
        return ast.Constant(names[item.id]) if not isinstance(names[item.id], list) else item
    return item
