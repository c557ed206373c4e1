"""Which samples are held back from training: drawn by a seed, as much of every class."""

import random
from collections.abc import Iterator, Sequence


def held_back(targets: Sequence[int] | None, total: int, fraction: float, seed: int) -> list[int]:
    """Which of `total` samples are held back, drawn by `seed`; ascending.

    With `targets` (classes) every class gives its share (a stratified split). Python's own
    generator is used since its sequence is the same on every platform and version.
    """
    wanted = round(total * fraction)
    ranked: list[tuple[float, int]] = []
    for members in _shuffled(targets, total, seed):
        # Position within its class as a share: cutting at the fraction takes evenly from each.
        ranked += [((place + 0.5) / len(members), index) for place, index in enumerate(members)]
    return sorted(index for _, index in sorted(ranked)[:wanted])


def dealt(targets: Sequence[int] | None, total: int, folds: int, seed: int) -> list[list[int]]:
    """All of `total` samples in `folds` parts whose sizes differ by one at most, drawn by `seed`;
    so do the members of a class where `targets` are given."""
    order = [index for members in _shuffled(targets, total, seed) for index in members]
    return [sorted(order[fold::folds]) for fold in range(folds)]


def _shuffled(targets: Sequence[int] | None, total: int, seed: int) -> Iterator[list[int]]:
    """The members of each class, or all samples, in the order that `seed` draws."""
    groups: dict[int, list[int]] = {}
    for index in range(total):
        groups.setdefault(targets[index] if targets is not None else 0, []).append(index)
    draw = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
    for _, members in sorted(groups.items()):
        draw.shuffle(members)
        yield members
