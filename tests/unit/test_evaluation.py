"""How well scores have told: by cohort, by year, at statements and at months' ends."""

import json
from datetime import date, timedelta

import pytest

from online_models.evaluation import MOST_MONTHS, Evaluation, Scored, month_of

HORIZON = 365


def evaluation(*told: tuple[Scored, bool, date]) -> Evaluation:
    whole = Evaluation(HORIZON)
    for scored, y, labelled_on in told:
        whole.add(scored, y, labelled_on)
    return whole


def survived(as_of: date, pd: float = 0.1, fiscal_year: int = 0, months: int = 6) -> tuple[Scored, bool, date]:
    return Scored(as_of, pd, fiscal_year, months), False, as_of + timedelta(days=HORIZON)


def failed(as_of: date, after: int = 100, pd: float = 0.8, fiscal_year: int = 0) -> tuple[Scored, bool, date]:
    return Scored(as_of, pd, fiscal_year, 6), True, as_of + timedelta(days=after)


def test_a_cohort_counts_once_its_horizon_is_over_for_all_of_it() -> None:
    early, late = date(2020, 4, 2), date(2020, 4, 28)
    waiting = evaluation(failed(late, 30), survived(early))
    assert waiting.report()["examples"] == 0
    assert waiting.report()["waiting"] == {"examples": 2, "defaults": 1}
    waiting.add(*survived(date(2020, 4, 30)))
    assert waiting.report()["examples"] == 3
    assert waiting.report()["waiting"]["examples"] == 0


def test_a_label_that_comes_late_counts_at_once() -> None:
    whole = evaluation(survived(date(2020, 5, 31)), (Scored(date(2020, 4, 1), 0.1), False, date(2021, 5, 1)))
    assert whole.report()["examples"] == 2


def test_statements_and_months_are_told_apart() -> None:
    said = evaluation(survived(date(2020, 5, 31)), survived(date(2020, 5, 31), fiscal_year=2019)).report()
    assert said["examples"] == 2
    assert said["statements"]["whole"]["examples"] == 1
    assert said["months"]["whole"]["examples"] == 1


def test_statements_count_in_their_fiscal_year_and_in_the_year_they_were_scored() -> None:
    said = evaluation(survived(date(2020, 3, 31), fiscal_year=2019), survived(date(2020, 12, 31), fiscal_year=2020)).report()
    assert {year: f["examples"] for year, f in said["statements"]["by_fiscal_year"].items()} == {"2019": 1, "2020": 1}
    assert {year: f["examples"] for year, f in said["statements"]["by_year"].items()} == {"2020": 2}


def test_the_last_ten_fiscal_years_are_pooled() -> None:
    whole = evaluation(*(survived(date(year + 1, 3, 31), fiscal_year=year) for year in range(2000, 2013)))
    (span,) = whole.report()["statements"]["fiscal_years"].items()
    assert (span[0], span[1]["examples"]) == ("2003-2012", 10)


def test_months_are_told_apart_by_how_many_were_known() -> None:
    whole = evaluation(*(survived(date(2020, 5, 31), months=n) for n in (1, 2, 2, 6, 9)))
    known = whole.report()["months"]["by_months_known"]
    assert [known[n]["examples"] for n in ("1", "2", "3", "6")] == [1, 2, 0, 2]


def test_the_rolling_figures_are_those_of_the_last_twelve_cohorts() -> None:
    days = [date(2020 + i // 12, i % 12 + 1, 28) for i in range(20)]
    whole = evaluation(*(survived(day) for day in days), survived(date(2021, 8, 31)))
    assert whole.rolling("month").examples == 13
    assert [name for name, _ in whole.history("month")][-1] == "2021-08"


def test_by_the_end_who_has_no_label_yet_has_survived() -> None:
    whole = evaluation(failed(date(2020, 4, 2), 30, fiscal_year=2019))
    ended = whole.by_the_end([Scored(date(2020, 4, 5), 0.1, 2019)])
    assert ended.report()["statements"]["by_fiscal_year"]["2019"]["roc_auc"] == 1.0
    assert whole.report()["examples"] == 0


def test_old_cohorts_and_years_are_forgotten_but_still_count_in_the_whole() -> None:
    whole = evaluation(*(survived(date(1900 + i, 1, 31), fiscal_year=1899 + i) for i in range(150)))
    assert len(whole.months) == MOST_MONTHS
    assert len(whole.years) == 41
    assert whole.report()["statements"]["whole"]["examples"] == 150


def test_evaluations_of_disjoint_examples_add_up() -> None:
    told = [survived(date(2020, 1 + i % 12, 15), 0.01 * (i + 1), 2019) for i in range(24)] + [failed(date(2020, 3, 3))]
    both = evaluation(*told[::2])
    both.merge(evaluation(*told[1::2]))
    apart, together = both.report(), evaluation(*told).report()
    assert apart["waiting"] == together["waiting"]
    for kind in ("statements", "months"):
        assert apart[kind]["whole"] == pytest.approx(together[kind]["whole"])


def test_an_evaluation_sleeps_as_json_and_goes_on_to_the_last_bit() -> None:
    told = [survived(date(2020, 1 + i % 12, 15), 0.01 * (i + 1), 2019 * (i % 2)) for i in range(30)]
    first = evaluation(*told[:17])
    again = Evaluation.load(json.loads(json.dumps(first.dump())))
    for one in told[17:]:
        again.add(*one)
    assert again.dump() == evaluation(*told).dump()
    assert again.report() == evaluation(*told).report()


def test_a_month_is_counted_from_the_year_nought() -> None:
    assert month_of(date(2005, 9, 30)) == 2005 * 12 + 8
