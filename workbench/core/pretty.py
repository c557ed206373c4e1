"""Lines of Python, laid out as `ruff format` would at 100 characters."""

import ast

LENGTH = 100
Bracketed = ast.Call | ast.List | ast.Tuple | ast.Dict


def statement(source: str, indent: int) -> list[str]:
    """One simple statement as lines that start `indent` spaces from the left."""
    if "'" not in source and indent + len(source) <= LENGTH:
        return [" " * indent + source]  # most lines: parsing each would cost 50 microseconds
    (parsed,) = ast.parse(source).body
    flat = _flat(parsed)
    if indent + len(flat) <= LENGTH or not isinstance(parsed, ast.Assign):
        return [" " * indent + flat]
    head = " = ".join(_flat(target) for target in parsed.targets) + " = "
    if isinstance(parsed.value, ast.BinOp):
        return _summed(head, parsed.value, indent)
    if isinstance(parsed.value, ast.Call) and not parsed.value.args + parsed.value.keywords:
        return [
            f"{' ' * indent}{head}(",
            " " * (indent + 4) + _flat(parsed.value),
            " " * indent + ")",
        ]
    return _laid_out(parsed.value, indent, head, "")


def _flat(node: ast.AST) -> str:
    """A node on one line, strings in double quotes."""
    for child in ast.walk(node):
        for name, value in ast.iter_fields(child):
            if isinstance(value, list):
                value[:] = [_quoted(item) for item in value]
            else:
                setattr(child, name, _quoted(value))
    return ast.unparse(node)


def _quoted(node: object) -> object:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and '"' not in node.value:
        text = repr(node.value)
        return ast.Name(f'"{text[1:-1]}"')
    return node


def _laid_out(node: ast.expr, indent: int, head: str, tail: str) -> list[str]:
    """`head`, an expression and `tail`, over as many lines as it takes."""
    flat = f"{head}{_flat(node)}{tail}"
    if isinstance(node, ast.Starred):
        return _laid_out(node.value, indent, f"{head}*", tail)
    if indent + len(flat) <= LENGTH or not isinstance(node, Bracketed):
        return [" " * indent + flat]
    start, parts, end = _bracketed(node)
    inner = ", ".join(prefix + _flat(part) for prefix, part in parts)
    if isinstance(node, ast.Call) and indent + 4 + len(inner) <= LENGTH:
        body = [" " * (indent + 4) + inner]
    else:
        laid = (_laid_out(part, indent + 4, prefix, ",") for prefix, part in parts)
        body = [line for lines in laid for line in lines]
    return [f"{' ' * indent}{head}{start}", *body, f"{' ' * indent}{end}{tail}"]


def _bracketed(
    node: Bracketed,
) -> tuple[str, list[tuple[str, ast.expr]], str]:
    """The opening bracket, what stands in the brackets, each with its keyword, and the closing."""
    if isinstance(node, ast.Call):
        named = [(f"{word.arg}=", word.value) for word in node.keywords]
        return f"{_flat(node.func)}(", [*(("", each) for each in node.args), *named], ")"
    if isinstance(node, ast.Dict):
        keys = (f"{_flat(key)}: " if key else "**" for key in node.keys)
        return "{", list(zip(keys, node.values, strict=True)), "}"
    start, end = "[]" if isinstance(node, ast.List) else "()"
    return start, [("", each) for each in node.elts], end


def _summed(head: str, node: ast.BinOp, indent: int) -> list[str]:
    """A sum or a product in brackets, one operand on each line if there are too many."""
    start, end = f"{' ' * indent}{head}(", f"{' ' * indent})"
    flat, inner = _flat(node), " " * (indent + 4)
    if len(inner) + len(flat) <= LENGTH:
        return [start, inner + flat, end]
    sign = "+" if isinstance(node.op, ast.Add) else "*"
    operands = flat.split(f" {sign} ")
    return [start, inner + operands[0], *(f"{inner}{sign} {each}" for each in operands[1:]), end]
