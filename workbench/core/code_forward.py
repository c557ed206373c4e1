"""From the statements of a `forward` to a stack of layers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from workbench.core.code_flow import (
    Flow,
    Size,
    Stack,
    States,
    Step,
    are_branches,
    at_last_step,
    both_ways,
    branches,
    check_once,
    concatenated,
    only_target,
    residual,
)
from workbench.core.code_functions import from_function
from workbench.core.code_values import (
    FAULTS,
    Chain,
    Environment,
    Instance,
    Item,
    Kind,
    Late,
    Leaf,
    Torch,
    Unsayable,
    attribute_name,
    step,
    truth,
)


class Tracer:
    """Follows the forward of one module."""

    def __init__(self, modules: Any, instance: Instance) -> None:
        self.modules, self.reader = modules, modules.reader
        self.instance = instance
        self._target = ""

    def stack(self) -> Stack:
        """The layers of the forward.

        Raises:
            Unsayable: a statement is of no layer, and can't be kept alone.
        """
        forward = self.reader.attribute(self.instance, "forward")
        if not isinstance(forward, Kind) or not isinstance(forward.node, ast.FunctionDef):
            raise Unsayable("its forward is no function of the text")
        start = Flow()
        result = self._run(forward.node, [start], {})
        if not isinstance(result, Flow):
            raise Unsayable("its forward does not return one tensor")
        stack = result.since(start)
        check_once(stack)
        return stack

    def _run(self, function: ast.FunctionDef, args: list[Any], keywords: dict[str, Any]) -> Any:
        names = self.reader.arguments(function, [self.instance, *args], keywords)
        return self._follow(function.body, names)

    def _follow(self, body: Sequence[ast.stmt], names: Environment) -> Any:
        """Follow statements; gives what a `return` gives, or None."""
        for node in body:
            step()
            if isinstance(node, ast.Return):
                try:
                    return self._value(node.value, names) if node.value else None
                except Unsayable as error:
                    _, flow = self._kept(node, names, error)
                    if not (flow.parent and flow.parent.parent):
                        raise  # it is all there is: the class says it better
                    return flow
            if isinstance(node, ast.If):
                taken = node.body if truth(self._value(node.test, names)) else node.orelse
                found = self._follow(taken, names)
                if found is not None:
                    return found
            elif isinstance(node, ast.For):
                for value in self.reader.iterated(node.iter, names):
                    self.reader.bind(node.target, value, names)
                    if self._follow(node.body, names) is not None:
                        raise Unsayable(f"line {node.lineno} returns out of a loop")
            else:
                self._simple(node, names)
        return None

    def _simple(self, node: ast.stmt, names: Environment) -> None:
        try:
            self._assigned(node, names)
        except Unsayable as error:
            target, flow = self._kept(node, names, error)
            names[target] = flow

    def _kept(self, node: ast.stmt, names: Environment, error: Unsayable) -> tuple[str, Flow]:
        """The variable and the output of a statement that no layer says."""
        kept = self.modules.kept_statement(node, names, self.instance, str(error))
        if kept is None:
            raise error
        return kept[0], kept[2].behind(kept[1])

    def _assigned(self, node: ast.stmt, names: Environment) -> None:
        self._target = only_target(node) or ""
        if isinstance(node, ast.Assign):
            value = self._value(node.value, names)
            for target in node.targets:
                self._bind(target, value, names)
        elif isinstance(node, ast.AnnAssign) and node.value:
            self._bind(node.target, self._value(node.value, names), names)
        elif isinstance(node, ast.AugAssign):
            joined = ast.BinOp(ast.Name(ast.unparse(node.target), ast.Load()), node.op, node.value)
            value = self._value(ast.copy_location(ast.fix_missing_locations(joined), node), names)
            self._bind(node.target, value, names)
        elif isinstance(node, ast.Expr):
            if isinstance(self._value(node.value, names), Flow | States):  # it may be in place
                raise Unsayable(f"line {node.lineno} computes a tensor that it does not assign")
        elif not isinstance(node, ast.Pass | ast.Assert):
            raise Unsayable(f"line {node.lineno} is a {type(node).__name__.lower()} statement")

    def _bind(self, target: ast.expr, value: Any, names: Environment) -> None:
        if isinstance(value, States) and isinstance(target, ast.Tuple):
            final = States(value.flow, is_final=True)
            if value.is_final:  # (h_n, c_n)
                parts: list[Any] = [final] * len(target.elts)
            else:
                parts = [value.flow, final]
            for each, part in zip(target.elts, parts, strict=False):
                self._bind(each, part, names)
        else:
            self.reader.bind(target, value, names)

    # -- expressions

    def _value(self, node: ast.expr, names: Environment) -> Any:
        """What an expression gives: a flow, or a plain value."""
        try:
            return self._found(node, names)
        except FAULTS as error:
            raise Unsayable(f"line {node.lineno} has an expression that can't be done") from error

    def _found(self, node: ast.expr, names: Environment) -> Any:
        if isinstance(node, ast.Call):
            return self._call(node, names)
        if isinstance(node, ast.BinOp):
            return self._operation(node, names)
        if isinstance(node, ast.Subscript):
            return self._part(node, names)
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            owner = self._value(node.value, names)
            return Size() if isinstance(owner, Flow) else self.reader.evaluate(node, names)
        if isinstance(node, ast.List | ast.Tuple):
            elements = [self._value(each, names) for each in node.elts]
            return elements if isinstance(node, ast.List) else tuple(elements)
        return self.reader.evaluate(node, names)

    def _operation(self, node: ast.BinOp, names: Environment) -> Any:
        kind = type(node.op)
        operands = self._operands(node, kind)
        values = [self._value(each, names) for each in operands]
        if not any(isinstance(value, Flow) for value in values):
            return self.reader.evaluate(node, names)
        if kind not in (ast.Add, ast.Mult) or not all(isinstance(v, Flow) for v in values):
            raise Unsayable(f"line {node.lineno} calculates with a tensor")
        if kind is ast.Mult:
            return branches(values, merge="multiply")
        words = [each.id if isinstance(each, ast.Name) else "" for each in operands]
        if len(values) != 2 or are_branches(words, self._target):
            return branches(values, merge="add")
        return residual(values, words)

    def _operands(self, node: ast.expr, kind: type[ast.operator]) -> list[ast.expr]:
        """`a + b + c` as its three; what is in brackets on the right stays together."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
            return [*self._operands(node.left, kind), node.right]
        return [node]

    def _part(self, node: ast.Subscript, names: Environment) -> Any:
        owner = self._value(node.value, names)
        if isinstance(owner, Size):
            index = self.reader.evaluate(node.slice, names)
            if index == 0:
                return Late.BATCH
        if isinstance(owner, States):
            if ast.unparse(node.slice) == "0" and not owner.is_final:
                return owner.flow
            if ast.unparse(node.slice) == "0":
                return owner
            if ast.unparse(node.slice) == "-1" and not both_ways(owner.flow):
                return at_last_step(owner.flow)
            return Step(owner, ast.unparse(node.slice))
        if isinstance(owner, Flow):
            return self._last_step(node, owner)
        return self.reader.evaluate(node, names)

    def _last_step(self, node: ast.Subscript, flow: Flow) -> Flow:
        """`x[:, -1]` behind a recurrent layer that is read one way."""
        item = flow.item
        index = ast.unparse(node.slice).strip("()").removesuffix(", :")
        fields = type(item.spec).model_fields if item else {}
        if item is None or index != ":, -1" or "output" not in fields:
            raise Unsayable(f"line {node.lineno} takes a part of a tensor")
        if both_ways(flow):
            raise Unsayable(f"line {node.lineno} takes the first step that is read backwards")
        return at_last_step(flow)

    # -- calls

    def _call(self, node: ast.Call, names: Environment) -> Any:
        args = [self._value(each, names) for each in node.args]
        keywords = {k.arg: self._value(k.value, names) for k in node.keywords if k.arg}
        func = node.func
        if isinstance(func, ast.Attribute) and self._is_flow(func.value, names):
            return self._method(func, args, keywords, names)
        target = self.reader.evaluate(func, names)
        flows = [each for each in args if isinstance(each, Flow)]
        if isinstance(target, Torch):
            return self._function(target.path, args, keywords, node, names)
        if isinstance(target, Kind) and isinstance(target.node, ast.FunctionDef):
            if isinstance(func, ast.Attribute) and not flows and not keywords:
                return self.reader.evaluate(node, names)
            return self._run(target.node, args, keywords)
        if isinstance(target, Leaf | Chain | Instance):
            if not flows or any(flow is not flows[0] for flow in flows):
                raise Unsayable(f"line {node.lineno} calls a module with several inputs")
            return self._through(target, flows[0], attribute_name(func), len(args))
        return self.reader.evaluate(node, names)

    def _is_flow(self, node: ast.expr, names: Environment) -> bool:
        """Whether a method is called on a tensor."""
        if isinstance(node, ast.Name):
            return isinstance(names.get(node.id), Flow)
        return isinstance(node, ast.Call | ast.BinOp | ast.Subscript) and isinstance(
            self._value(node, names), Flow
        )

    def _through(self, module: Any, flow: Flow, name: str, args: int) -> Any:
        made = flow.behind(self.modules.item(module, name))
        fields = type(module.spec).model_fields if isinstance(module, Leaf) else {}
        if "output" in fields:
            assert made.item
            made.item.spec = made.item.spec.replace(output="sequence")
            return States(made)
        if "num_heads" in fields:
            if args != 3:
                raise Unsayable("its attention is not over one sequence")
            return States(made)
        return made

    def _method(
        self, func: ast.Attribute, args: list[Any], keywords: dict[str, Any], names: Environment
    ) -> Any:
        flow = self._value(func.value, names)
        if func.attr == "size":
            return Late.BATCH if args == [0] else Size() if not args else self._no(func)
        if func.attr in ("add", "mul") and len(args) == 1 and isinstance(args[0], Flow):
            merge = "add" if func.attr == "add" else "multiply"
            return branches([flow, args[0]], merge=merge)
        return self._layers(flow, func.attr, args, keywords)

    @staticmethod
    def _no(node: ast.expr) -> Any:
        raise Unsayable(f"line {node.lineno} asks for a size that is not known here")

    def _layers(self, flow: Flow, name: str, args: list[Any], keywords: dict[str, Any]) -> Flow:
        for leaf in from_function(name, args, keywords):
            flow = flow.behind(Item(leaf.spec, claims=leaf.claims))
        return flow

    def _function(
        self,
        path: str,
        args: list[Any],
        keywords: dict[str, Any],
        node: ast.Call,
        names: Environment,
    ) -> Any:
        name = path.rpartition(".")[2]
        if path == "builtins.len" and isinstance(args[0], Flow):
            return Late.BATCH
        if name in ("cat", "concat", "concatenate"):
            return concatenated(node.lineno, args, keywords)
        if name in ("add", "mul", "multiply") and len(args) == 2:
            flows = [each for each in args if isinstance(each, Flow)]
            if len(flows) == 2:
                return branches(flows, merge="add" if name == "add" else "multiply")
        if args and isinstance(args[0], Flow) and path.startswith(("torch.", "torchvision.")):
            return self._layers(args[0], name, args[1:], keywords)
        return self.reader.evaluate(node, names)
