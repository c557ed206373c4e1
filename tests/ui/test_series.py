"""Long curves in few points: nothing that can be seen of them is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.ui.series import Series, smoothed

MOST = 40


def filled(values: NDArray[np.float64]) -> Series:
    series = Series(2)
    for step, value in enumerate(values, 1):
        series.append(step, value)
    return series


def noise(length: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=length)


def plain_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The running mean by its definition."""
    window = max(1, min(len(values) // 20, 200))
    return np.array([values[max(0, i + 1 - window) : i + 1].mean() for i in range(len(values))])


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=600),
    st.integers(0, 600),
    st.integers(1, 600),
)
@settings(deadline=None)
def test_a_stretch_keeps_its_extremes_in_few_points(
    values: list[float], low: int, span: int
) -> None:
    series = filled(np.array(values))
    low = min(low, len(values))
    x, y = series.drawn(0, low, low + span, MOST)
    assert len(x) == len(y) <= MOST + 5
    assert np.all(np.diff(x) >= 0)
    seen = np.array(values)[max(low - 1, 0) : low + span]  # steps count from 1
    assert y.min() <= seen.min() <= seen.max() <= y.max()
    assert set(y) <= set(values)
    if len(values) <= low + span:
        assert (x[-1], y[-1]) == (len(values), values[-1])


@pytest.mark.parametrize("smooth", [False, True])
def test_a_curve_that_grows_in_pieces_is_the_one_made_at_once(smooth: bool) -> None:
    values = noise(9000)
    grown = Series(2)
    for step, value in enumerate(values, 1):
        grown.append(step, value)
        if step % 701 == 0:
            grown.drawn(0, 0, step, MOST, smooth=smooth)
    whole = filled(values)
    for low, high in ((0, 9000), (4000, 4030), (17, 6001)):
        x, y = grown.drawn(0, low, high, MOST, smooth=smooth)
        other_x, other_y = whole.drawn(0, low, high, MOST, smooth=smooth)
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_allclose(y, other_y, atol=1e-12)


def test_every_block_is_least_and_greatest_of_its_values() -> None:
    values = noise(1_000_003)
    series = filled(values)
    x, y = series.drawn(0, 0, 2e6, 1200)
    assert len(x) <= 1203
    starts, (lows, highs) = x[:-3:2].astype(int) - 1, y[:-3].reshape(-1, 2).T
    size = starts[1] - starts[0]
    blocks = values[: len(starts) * size].reshape(-1, size)
    np.testing.assert_array_equal(lows, blocks.min(1))
    np.testing.assert_array_equal(highs, blocks.max(1))
    assert (x[-1], y[-1]) == (1_000_003, values[-1])


@pytest.mark.parametrize("length", [1, 19, 40, 399, 3999, 4000, 4711])
def test_means_are_those_of_the_definition(length: int) -> None:
    values = noise(length)
    x, y = filled(values).drawn(0, 0, length, length, smooth=True)
    np.testing.assert_array_equal(x, np.arange(1, length + 1))
    np.testing.assert_allclose(y, plain_means(values), atol=1e-12)
    np.testing.assert_allclose(y, smoothed(values, max(1, min(length // 20, 200))), atol=1e-12)


def test_what_is_cut_and_grown_again_is_drawn_anew() -> None:
    series = filled(noise(9000))
    for smooth in (False, True):
        series.drawn(0, 0, 9000, MOST, smooth=smooth)
    series.cut(5003)
    assert series.length == 5003
    other = noise(3000, seed=1)
    for step, value in enumerate(other, 5004):
        series.append(step, value)
    whole = filled(np.concatenate([noise(9000)[:5003], other]))
    for smooth in (False, True):
        x, y = series.drawn(0, 0, 9000, MOST, smooth=smooth)
        other_x, other_y = whole.drawn(0, 0, 9000, MOST, smooth=smooth)
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_allclose(y, other_y, atol=1e-12)
    assert series.place(5003, 1) == noise(9000)[5002]
    assert series.place(5003.5, 1) is None
    series.clear()
    assert series.length == 0
