"""Plots of how well a portfolio was scored."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from online_models.evaluation import Evaluation, Scored
from streams.commands import replay
from streams.replaying.plots import PLOTS, draw

pytest.importorskip("matplotlib", reason="plots are drawn by the extra `plots`")

HORIZON = 365


def evaluation(fiscal: bool = True) -> Evaluation:
    """Three years of scores, better than chance."""
    chance, told = Random(1), Evaluation(HORIZON)
    for i in range(600):
        as_of = date(2010, 1, 1) + timedelta(days=i * 2)
        y = chance.random() < 0.2
        scored = Scored(as_of, min(0.99, chance.betavariate(2, 8) + 0.2 * y), as_of.year - 1 if fiscal else 0, 6)
        told.add(scored, y, as_of + timedelta(days=HORIZON))
    return told


def test_each_plot_is_a_picture_of_its_own(tmp_path: Path) -> None:
    drawn = draw({"corporate": evaluation(), "sme": evaluation(fiscal=False)}, tmp_path / "plots")
    assert sorted(path.name for path in drawn) == sorted(f"{name}-{plot}.png" for name in ("corporate", "sme") for plot in PLOTS)
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000 for path in drawn)


def test_the_same_figures_are_drawn_to_the_same_bytes(tmp_path: Path) -> None:
    one, two = (draw({"corporate": evaluation()}, tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_nothing_is_drawn_of_a_portfolio_without_a_default(tmp_path: Path) -> None:
    assert draw({"corporate": Evaluation(HORIZON)}, tmp_path) == []


def test_without_matplotlib_the_command_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("")
    monkeypatch.setattr(replay, "available", lambda: False)
    ran = CliRunner().invoke(replay.replay_command, [str(events), "--out", str(tmp_path / "out"), "--plots", str(tmp_path / "p")])
    assert ran.exit_code == 2
    assert "pip install 'tierwatch[plots]'" in ran.output
    assert not (tmp_path / "out").exists()


def test_a_log_is_not_plotted(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("")
    ran = CliRunner().invoke(replay.replay_command, ["--log", str(log), "--out", str(tmp_path / "out"), "--plots", str(tmp_path)])
    assert ran.exit_code == 2
    assert "--plots" in ran.output
