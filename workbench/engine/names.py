"""Names of tensors as others write them: freed of what wrappers put in front, and compared."""

from collections import Counter
from collections.abc import Iterator, Mapping

from torch import Tensor

from workbench.core.fit_report import MOST, OUTCOMES, Compared, FitReport, Outcome
from workbench.core.layer import shape_text

LONGEST = 100
"""Characters of a name from a file that are shown."""
DEEPEST = 6
"""How many parts a prefix may have, as `model.module.` has two."""


def repaired(
    tensors: dict[str, Tensor], wanted: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], str]:
    """The tensors under names without torch.compile's `_orig_mod` and without the prefix, such as
    `module.` or `model.`, without which most of them fit; and that prefix."""
    if tensors.keys() == wanted.keys():
        return tensors, ""
    tensors = _renamed(tensors, [_uncompiled(name) for name in tensors])
    fitting = Counter(prefix for name in tensors for prefix in _prefixes(name, tensors, wanted))
    prefix = max(fitting, key=lambda each: (fitting[each], not each), default="")
    return _renamed(tensors, [name.removeprefix(prefix) for name in tensors]), prefix


def _uncompiled(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def _prefixes(
    name: str, tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> Iterator[str]:
    """What could be taken off the front of a name, so that it is one of the network's."""
    rest = name
    for _ in range(DEEPEST + 1):
        if rest in wanted and wanted[rest].shape == tensors[name].shape:
            yield name.removesuffix(rest)
        rest = rest.partition(".")[2]


def _renamed(tensors: dict[str, Tensor], names: list[str]) -> dict[str, Tensor]:
    """Under other names, unless two would be one then."""
    renamed = dict(zip(names, tensors.values(), strict=True))
    return renamed if len(renamed) == len(tensors) else tensors


def compared(
    tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], prefix: str = ""
) -> FitReport:
    """Each tensor of the file and of the network, side by side."""
    rows: dict[Outcome, list[Compared]] = {outcome: [] for outcome in OUTCOMES}
    counts: Counter[Outcome] = Counter(dict.fromkeys(OUTCOMES, 0))
    for name in {**wanted, **tensors}:
        came, needed = tensors.get(name), wanted.get(name)
        outcome = _outcome(came, needed)
        counts[outcome] += 1
        if len(rows[outcome]) < MOST:
            rows[outcome].append(Compared(outcome, _shown(name), size(came), size(needed)))
    told = tuple(row for outcome in OUTCOMES for row in rows[outcome])
    return FitReport(rows=told, counts=dict(counts), prefix=_shown(prefix))


def _outcome(came: Tensor | None, needed: Tensor | None) -> Outcome:
    if came is None:
        return "missing"
    if needed is None:
        return "unexpected"
    return "matched" if came.shape == needed.shape else "reshaped"


def _shown(name: str) -> str:
    """A file's word as it may stand in a window: on one line, and of a length to be read."""
    plain = name if name.isprintable() else name.encode("unicode_escape").decode()
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def size(tensor: Tensor | None) -> str:
    """The shape of a tensor in words; empty if there is none."""
    if tensor is None:
        return ""
    return shape_text(tuple(tensor.shape)) if tensor.ndim else "one number"
