"""Functions of a program that reads tables, as text."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from workbench.catalog.datasets.columns import MISSING, THOUSANDS
from workbench.core.raw import Feature

WORDS = "|".join(sorted(MISSING)).replace("?", r"\?")
MISSING_CONSTANT = f'MISSING = re.compile(r"{WORDS}")'
WITH_COMMA = f'''
def with_comma(cell):
    """A number as 1.234,5 or 0,5."""
    if re.fullmatch(r"{THOUSANDS.pattern}", cell):
        cell = cell.replace(".", "")
    return float(cell.replace(",", "."))
'''
TEXTS = '''
def texts(column):
    """The cells of a column as a text file would hold them."""
    return column.cast("string").fill_null("").to_pylist()
'''
FILLED = '''
def filled(values):
    """Gaps as the last known value, at the start as the first."""
    lacking = np.isnan(values)
    rows = np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1))
    known = np.maximum.accumulate(np.where(lacking, -1, rows), axis=0)
    source = np.where(known < 0, np.argmin(lacking, axis=0), known)
    return np.take_along_axis(values, source, axis=0)
'''
STAND_IN = '''
def stand_in({arguments}):
    """What takes the place of missing values: {told}."""
    known = column[~np.isnan(column)]
    if not len(known):
        return 0.0
{body}
'''
STAND_IN_OR_NONE = '''
def stand_in(column, is_category):
    """What takes the place of missing values: the mean, of categories none of them."""
    known = column[~np.isnan(column)]
    if is_category:
        return -1.0
    return known.mean(dtype=np.float64) if len(known) else 0.0
'''
MEAN = "    return known.mean(dtype=np.float64)"
MOST_FREQUENT = """\
    values, counts = np.unique(known, return_counts=True)
    return values[counts.argmax()]"""


def numbers_text(words: bool, gaps: bool, comma: bool) -> str:
    """The function from the cells of a column to numbers, for columns of `words`, with `gaps`, or
    numbers with a decimal `comma`."""
    read = "with_comma" if comma else "float"
    told = "; of categories their place in the list" if words else ""
    told += "; NaN where a value is missing" if gaps else ""
    lines = [
        "",
        f"def numbers(cells{', categories=None' if words else ''}):",
        f'    """Cells as numbers{told}."""',
        *([f"    read = categories.index if categories else {read}"] if words else []),
        "    cells = [cell.strip() for cell in cells]",
    ]
    value = "read(cell)" if words else f"{read}(cell)"
    if gaps:
        value = f"math.nan if MISSING.fullmatch(cell) else {value}"
    return "\n".join([*lines, f"    return np.array([{value} for cell in cells], float)", ""])


def stand_in_text(rule: str, words: bool) -> str:
    """The function that finds what takes the place of missing values."""
    if rule == "most frequent":
        return STAND_IN.format(
            arguments="column", told="the most frequent value", body=MOST_FREQUENT
        )
    if not words:
        return STAND_IN.format(arguments="column", told="the mean", body=MEAN)
    if rule == "own column":
        return STAND_IN_OR_NONE
    return STAND_IN.format(
        arguments="column, is_category",
        told="the mean, of categories the most frequent one",
        body=f"    if not is_category:\n    {MEAN}\n{MOST_FREQUENT}",
    )


def encoded_text(features: Sequence[Feature], encodes: bool, fills: bool, in_order: bool) -> str:
    """The function from values and codes to features; it `fills` gaps unless that is done."""
    told = ["Gaps filled"] if fills else []
    if encodes:
        told.append("a column of 0 and 1 for each value of a category")
    lacks = any(feature.lacks for feature in features)
    given = ", stand_ins" if fills else ", lacking" if lacks and in_order else ""
    text = ", and ".join(told)
    lines = ["", f"def encoded(values{given}):", f'    """{text[0].upper()}{text[1:]}."""']
    if fills and encodes:
        lines += ["    lacking = np.isnan(values)"] if lacks else []
        gaps = "lacking" if lacks else "np.isnan(values)"
        lines.append(f"    values = np.where({gaps}, stand_ins, values)")
    elif fills:
        lines.append("    return np.where(np.isnan(values), stand_ins, values)")
    if encodes:
        columns = (f"        {part}," for part in _columns(features))
        lines += ["    columns = [", *columns, "    ]"]
        lines.append("    return np.column_stack(columns).astype(np.float32)")
    return "\n".join([*lines, ""])


def _columns(features: Sequence[Feature]) -> Iterator[str]:
    """The columns that features are, as Python: neighbours of a kind in one go."""
    for _, members in groupby(enumerate(features), _kind):
        found = [feature for _, feature in members]
        first, last = found[0].place, found[-1].place
        if found[0].lacks:
            yield f"lacking[:, {first}]"
        elif found[0].code is None:
            yield f"values[:, {first}:{last + 1}]" if last > first else f"values[:, {first}]"
        elif len(found) > 1:
            yield f"values[:, [{first}]] == np.arange({len(found)})"
        else:
            yield f"values[:, {first}] == {found[0].code}"


def _kind(numbered: tuple[int, Feature]) -> tuple[int, bool, bool]:
    """What neighbours have in common that are told in one go."""
    number, feature = numbered
    if feature.code is None and not feature.lacks:
        return feature.place - number, False, False
    return feature.place, feature.code is not None, feature.lacks
