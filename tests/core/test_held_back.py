"""Which samples are held back: by seed, and evenly from every class."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.held_back import dealt, held_back

DRAWN = settings(max_examples=80, deadline=None, derandomize=True, database=None)
CLASSES = st.lists(st.integers(0, 4), min_size=1, max_size=80)
FRACTIONS = st.floats(0.0, 1.0, exclude_max=True)


@DRAWN
@given(CLASSES, FRACTIONS, st.integers(0, 2**32 - 1))
def test_the_share_is_exact_and_taken_evenly_from_every_class(
    targets: list[int], fraction: float, seed: int
) -> None:
    total = len(targets)
    chosen = held_back(targets, total, fraction, seed)
    assert len(chosen) == round(total * fraction)
    assert chosen == sorted(set(chosen))
    assert all(0 <= index < total for index in chosen)
    drawn, members = Counter(targets[index] for index in chosen), Counter(targets)
    rounding = (1 + len(members)) / 2  # half a sample by each class that shares the cut
    for label in members:
        assert abs(drawn[label] - members[label] * fraction) <= rounding, label


@DRAWN
@given(st.integers(1, 5), st.integers(1, 30), FRACTIONS, st.integers(0, 2**32 - 1))
def test_classes_of_one_size_differ_by_one_sample_at_most(
    classes: int, members: int, fraction: float, seed: int
) -> None:
    targets = list(range(classes)) * members
    drawn = Counter(targets[i] for i in held_back(targets, len(targets), fraction, seed))
    assert max(drawn[label] for label in range(classes)) - min(
        drawn[label] for label in range(classes)
    ) in (0, 1)


@DRAWN
@given(st.integers(0, 200), FRACTIONS, st.integers(0, 2**32 - 1))
def test_numbers_as_targets_are_drawn_from_the_whole(
    total: int, fraction: float, seed: int
) -> None:
    chosen = held_back(None, total, fraction, seed)
    assert len(set(chosen)) == round(total * fraction)
    assert held_back(None, total, fraction, seed) == chosen


def test_the_seed_decides_and_the_draw_is_no_prefix() -> None:
    draws = [held_back(None, 1000, 0.1, seed) for seed in range(20)]
    assert len({tuple(draw) for draw in draws}) == 20
    times = Counter(index for draw in draws for index in draw)
    assert max(times) > 900
    assert min(times) < 100
    # 20 draws of a tenth: an index is drawn twice on average, and hardly ever 10 times.
    assert max(times.values()) < 10


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_the_draw_is_the_same_on_every_platform(seed: int) -> None:
    """Python promises the sequence of `random.Random(int).random()`; shuffle has kept its own."""
    import random

    expected = list(range(12))
    random.Random(seed).shuffle(expected)
    assert held_back(None, 12, 0.25, seed) == sorted(expected[:3])


@DRAWN
@given(CLASSES, st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_folds_are_all_samples_once_and_even_in_every_class(
    targets: list[int], folds: int, seed: int
) -> None:
    parts = dealt(targets, len(targets), folds, seed)
    assert sorted(index for part in parts for index in part) == list(range(len(targets)))
    assert parts == dealt(targets, len(targets), folds, seed)
    for held in [parts, *([[i for i in p if targets[i] == c] for p in parts] for c in range(5))]:
        assert max(map(len, held)) - min(map(len, held)) <= 1
