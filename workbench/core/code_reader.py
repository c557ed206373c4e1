"""A text of Python with its classes: what stands in it is calculated, never executed."""

from __future__ import annotations

import ast
from types import BuiltinMethodType
from typing import Any

from workbench.core.code_expressions import BUILTINS, Expressions, Named, few, method
from workbench.core.code_layers import constructed
from workbench.core.code_sources import Sources
from workbench.core.code_values import (
    FAULTS,
    Chain,
    Environment,
    Instance,
    Kind,
    Leaf,
    Torch,
    Unknown,
    Unsayable,
    Untold,
    begin,
    bounded,
    calculated,
    step,
    truth,
)

DEEPEST_CALL = 40
KNOWN = {"nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch"}


class _Returned(Exception):  # noqa: N818  how a function's value leaves its statements
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Reader(Expressions, Sources):
    """Knows the classes, functions, imports and constants of a text."""

    def __init__(self, tree: ast.Module, text: str) -> None:
        begin()
        Sources.__init__(self, text)
        Expressions.__init__(self, {name: Torch(path) for name, path in KNOWN.items()})
        self._owners: dict[ast.FunctionDef, ast.ClassDef] = {}
        self.tree = tree
        self._depth = 0
        for node in tree.body:
            self._know(node)

    def _know(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node, self.names)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            self.names[node.name] = Kind(node)
            if isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
                functions = [each for each in node.body if isinstance(each, ast.FunctionDef)]
                self._owners.update(dict.fromkeys(functions, node))
        elif isinstance(node, ast.Assign):
            try:
                self.execute([node], self.names)
            except Unsayable:
                self._forget(node)
        else:
            self._forget(node)

    def _forget(self, node: ast.stmt) -> None:
        """What a statement that is not followed assigns is known no more."""
        for each in ast.walk(node):
            if isinstance(each, ast.Import | ast.ImportFrom):
                self._import(each, self.names)
            elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self.names[each.id] = Unknown(f"{each.id} is not known")

    def _import(self, node: ast.Import | ast.ImportFrom, names: Environment) -> None:
        room = ""
        if isinstance(node, ast.ImportFrom):
            room = "." * node.level + (f"{node.module}." if node.module else "")
        for alias in node.names:
            path = room + alias.name
            root = path.split(".")[0]
            name = alias.asname or alias.name.split(".")[0]
            if root in ("torch", "torchvision", "collections"):
                names[name] = Torch(path if room or alias.asname else root)
            else:
                names[name] = Unknown(f"{name} is of {path}")

    # -- statements

    def execute(self, statements: list[ast.stmt], names: Environment) -> None:
        """Follow statements that make constants and modules."""
        for node in statements:
            step()
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
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node, names)
        elif not isinstance(node, ast.Pass | ast.Assert):
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
            func = self._of_base(node.func, names)
            if func is None:
                return None
        else:
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
            return BUILTINS[name](*args, **keywords)
        if path == "collections.OrderedDict":
            first = args[0] if args else ()
            return Named(first.items() if isinstance(first, Named) else few(first), **keywords)
        if room == "torch.nn" and name in ("Sequential", "ModuleList"):
            return _chain(args, is_called=name == "Sequential")
        return constructed(path, args, keywords)

    def instance(
        self, cls: ast.ClassDef, args: list[Any], keywords: dict[str, Any], call: str
    ) -> Instance:
        """A module of a class in the text, its `__init__` followed."""
        made = Instance(cls, call)
        found = method(self.lineage(cls), "__init__")
        if found:
            self.result(found, [made, *args], keywords)
        return made

    def _of_base(self, node: ast.Attribute, names: Environment) -> Kind | None:
        """What `super().method` means; None if it is the `__init__` of another library."""
        told = getattr(node.value, "args", ())  # super(Net, self)
        owner, here = names.get("self"), names.get("__class__")
        if told:
            here = getattr(self.evaluate(told[0], names), "node", None)
        line = self.lineage(owner.cls) if isinstance(owner, Instance) else []
        if here not in line:
            raise Unsayable(f"line {node.lineno} calls super() of what is not known")
        found = method(line[line.index(here) + 1 :], node.attr)
        if found is None and node.attr != "__init__":
            raise Unsayable(f"line {node.lineno} calls {node.attr} of another library")
        return Kind(found) if found else None

    def result(self, function: ast.FunctionDef, args: list[Any], keywords: dict[str, Any]) -> Any:
        """What a function of the text gives."""
        self._depth += 1
        if self._depth > DEEPEST_CALL:
            raise Unsayable(f"{function.name} calls itself too deeply")
        try:
            self.execute(function.body, self.arguments(function, args, keywords))
        except _Returned as returned:
            return returned.value
        except FAULTS as error:
            raise Unsayable(f"{function.name} can't be followed") from error
        finally:
            self._depth -= 1
        return None

    def arguments(
        self, function: ast.FunctionDef, args: list[Any], keywords: dict[str, Any]
    ) -> Environment:
        """The names within a function that is called so."""
        if function.decorator_list:
            raise Unsayable(f"{function.name} is decorated")
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
        if function in self._owners:
            names["__class__"] = self._owners[function]
        return names


def _chain(args: list[Any], *, is_called: bool) -> Chain:
    children = [("", child) for child in args]
    if len(args) == 1 and isinstance(args[0], Named):
        children = [(str(name), child) for name, child in args[0].items()]
    elif len(args) == 1 and isinstance(args[0], list | tuple) and not is_called:
        children = [("", child) for child in few(args[0])]
    if not all(isinstance(child, Leaf | Chain | Instance) for _, child in children):
        raise Unsayable("it holds what is no module")
    return Chain(children, is_called)


def _is_super(node: ast.expr) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return is_call and node.func.id == "super"  # type: ignore[attr-defined]
