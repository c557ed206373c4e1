"""The text of what was parsed: as it stands there, or with its constants filled in."""

from __future__ import annotations

import ast
import re
from typing import Any

from workbench.core.code_values import Environment, is_plain
from workbench.core.verbatim import in_strings


class Sources:
    """Gives the text of nodes."""

    def __init__(self, text: str) -> None:
        self.lines = re.split(r"\r\n|\r|\n", text)  # splitlines() knows more ends than Python

    def source(self, node: ast.stmt | ast.expr) -> str:
        """The text of a node, as it stands there."""
        first = min([node.lineno, *(each.lineno for each in _decorators(node))])
        lines = self.lines[first - 1 : node.end_lineno]
        rest = lines[-1].encode()[node.end_col_offset :].decode()
        if not (isinstance(node, ast.stmt) and rest.lstrip().startswith("#")):
            lines[-1] = lines[-1].encode()[: node.end_col_offset].decode()
        lines[0] = lines[0].encode()[node.col_offset :].decode()
        fixed = in_strings(node)
        free = {n for n in range(1, len(lines)) if n + first not in fixed and lines[n].strip()}
        cut = min((len(lines[n]) - len(lines[n].lstrip()) for n in free), default=0)
        cut = min(cut, node.col_offset)
        return "\n".join(line[cut:] if n in free else line for n, line in enumerate(lines))

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


def _constant(item: Any, names: Environment, local: set[str]) -> Any:
    if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load) and item.id in local:
        return ast.Constant(names[item.id]) if not isinstance(names[item.id], list) else item
    return item


def _decorators(node: ast.stmt | ast.expr) -> list[ast.expr]:
    kinds = ast.ClassDef | ast.FunctionDef
    return node.decorator_list if isinstance(node, kinds) else []
