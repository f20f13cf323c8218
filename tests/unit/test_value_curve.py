"""The 80/20 curve of a portfolio's value, from its merged histogram."""

import pytest

from online_models.cutoffs import bin_of, lower_bound, value_curve


def test_equal_clients_bring_equal_shares() -> None:
    assert value_curve({200: 1000}, (0.1, 0.5, 1.0)) == ((0.1, 0.1), (0.5, 0.5), (1.0, 1.0))


def test_one_client_in_a_hundred_may_bring_most_of_it() -> None:
    ((_, one),) = value_curve({bin_of(1_000_000.0): 1, bin_of(100.0): 99}, (0.01,))
    assert one == pytest.approx(0.99, abs=0.01)


def test_what_clients_cost_is_no_value_and_they_count_as_clients() -> None:
    assert value_curve({300: 1, -300: 3}, (0.25, 0.5, 1.0)) == ((0.25, 1.0), (0.5, 1.0), (1.0, 1.0))


def test_where_nobody_brings_anything_there_is_no_curve() -> None:
    assert value_curve({}) == ()
    assert value_curve({-5: 10}) == ()
    assert value_curve({200: 0}) == ()


def test_the_curve_rises_from_the_best_to_all_and_is_never_below_the_even_share() -> None:
    curve = value_curve({number: 400 - number for number in range(-50, 400, 7)})
    shares = [share for share, _ in curve]
    brought = [value for _, value in curve]
    assert shares == sorted(shares)
    assert brought == sorted(brought)
    assert all(value >= share for share, value in curve)
    assert curve[-1] == (1.0, 1.0)


def test_a_bin_counts_at_its_middle() -> None:
    low, high = lower_bound(250), lower_bound(251)
    ((_, value),) = value_curve({250: 1, 0: 1}, (0.5,))
    assert value == pytest.approx((low + high) / 2 / ((low + high) / 2 + lower_bound(1) / 2), abs=1e-4)
