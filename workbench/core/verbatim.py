"""Python of somebody's own, moved and renamed without a change to what stands in its strings."""

import ast
from collections.abc import Mapping


def in_strings(tree: ast.AST) -> set[int]:
    """The numbers (from 1) of the lines that begin within a string."""
    found: set[int] = set()
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if is_text or isinstance(node, ast.JoinedStr):
            found.update(range(node.lineno + 1, (node.end_lineno or 0) + 1))  # type: ignore[attr-defined]
    return found


def indented(text: str, spaces: int) -> list[str]:
    """The lines of statements, further to the right."""
    tree = _tree(text)
    fixed = in_strings(tree) if tree else set()
    return [
        line if number in fixed or not line.strip() else " " * spaces + line
        for number, line in enumerate(text.split("\n") if text else (), 1)
    ]


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Statements with other names of variables; arguments and attributes keep theirs."""
    tree = _tree(text)
    if tree is None:
        return text
    lines = [line.encode() for line in text.split("\n")]
    nodes = [each for each in ast.walk(tree) if _named(each) in names]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset), reverse=True)  # type: ignore[attr-defined]
    exact = not any(isinstance(each, ast.JoinedStr) for each in ast.walk(tree))
    for node in nodes:
        old, new = _named(node), names[_named(node)]
        row, at = node.lineno - 1, node.col_offset  # type: ignore[attr-defined]
        end = at + len(old.encode())
        exact = exact and lines[row][at:end] == old.encode()
        lines[row] = lines[row][:at] + new.encode() + lines[row][end:]
        setattr(node, "id" if isinstance(node, ast.Name) else "arg", new)
    # Python 3.11 has no places of names within f-strings; such text is written anew.
    return b"\n".join(lines).decode() if exact else ast.unparse(tree)


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.arg if isinstance(node, ast.arg) else ""


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None
