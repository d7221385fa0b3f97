"""How commands end: exit codes, one line for an error, JSON for machines, no secret shown."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import click
import pytest
from small_portfolio import small_portfolio

from roi_pipeline import portfolio
from roi_pipeline.cli import looking, running
from roi_pipeline.cli.asked import asked, instant
from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.masking import Masking, masked

KEY = "correct-horse-battery"


def test_a_missing_portfolio_is_a_configuration_error(run: Callable, tmp_path: Path) -> None:
    deep = tmp_path / "a-folder-whose-name-is-wider-than-any-terminal" / ("x" * 200)
    told = run("status", "--portfolio", deep)
    assert told.code == 2
    assert f"{deep / 'portfolio.yaml'}: no such file" in told.err  # in one piece, to be copied
    assert told.out == ""


def test_an_error_is_a_json_document_too(run: Callable, tmp_path: Path) -> None:
    told = run("status", "--json", "--portfolio", tmp_path)
    assert told.json["exit_code"] == told.code == 2
    assert "portfolio.yaml" in told.json["error"]


def test_unknown_option_and_command_are_usage_errors(run: Callable) -> None:
    assert run("status", "--no-such").code == 2
    assert run("no-such").code == 2


def test_nothing_published_is_an_error_that_names_the_next_command(
    run: Callable, tmp_path: Path
) -> None:
    folder = small_portfolio(tmp_path)
    for command in (["status"], ["publish"], ["close", "2026-08"]):
        told = run(*command, "--portfolio", folder)
        assert told.code == 1, command
        assert "roi-pipeline run" in told.err


def test_an_unexpected_error_is_one_line_and_a_traceback_in_the_logs(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_portfolio(tmp_path)
    (folder / "state").mkdir()
    monkeypatch.setenv("ROI_PII_KEY", KEY)

    def broken(_: Path) -> None:
        raise ZeroDivisionError(f"cannot open postgresql://bi:hunter2@db with {KEY}\nmore")

    monkeypatch.setattr(looking.board, "read", broken)
    told = run("status", "--portfolio", folder)
    logs = list((folder / "state" / "logs").iterdir())
    assert told.code == 1
    assert "Traceback" not in told.err
    assert "ZeroDivisionError: cannot open postgresql://***@db" in told.err.replace("\n", " ")
    assert len(logs) == 1
    assert "Traceback" in logs[0].read_text()
    for text in (told.err, told.out, logs[0].read_text()):
        assert "hunter2" not in text
        assert KEY not in text


def test_a_traceback_finds_a_place_when_the_portfolio_has_none(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_portfolio(tmp_path)
    (folder / "state").write_text("in the way")
    monkeypatch.setattr(looking.board, "read", lambda _: 1 / 0)
    told = run("status", "--portfolio", folder)
    assert told.code == 1
    assert "division by zero" in told.err


@pytest.mark.parametrize(
    ("error", "code"), [(ConfigurationError("a"), 2), (DataRefused("b"), 3), (ValueError("c"), 1)]
)
def test_each_kind_of_error_has_its_exit_code(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    folder = small_portfolio(tmp_path)

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(running, "bring_up_to_date", broken)
    assert run("run", "--month", "2026-10", "--portfolio", folder).code == code


def test_secrets_are_hidden_and_nothing_else() -> None:
    environment = {"ROI_PII_KEY": KEY, "BI_PASSWORD": "x", "HOME": "/root"}
    assert masked(f"with {KEY} in /root", environment) == "with *** in /root"
    assert masked("s3://bucket/inbox and x", environment) == "s3://bucket/inbox and x"
    assert masked("password=abc123, user=bi", {}) == "password=***, user=bi"
    assert masked("Authorization: Bearer abcdefgh.123", {}).endswith("Bearer ***")
    assert masked("key AKIAABCDEFGHIJKLMNOP", {}) == "key ***"
    assert masked("20 tokens: 1.20 USD", {}) == "20 tokens: 1.20 USD"


def test_the_log_filter_masks_arguments() -> None:
    record = logging.LogRecord("a", 20, "b", 1, "at %s", ("x://me:secret1@h",), None)
    assert Masking().filter(record)
    assert record.getMessage() == "at x://***@h"


@pytest.fixture
def found(tmp_path: Path) -> portfolio.Portfolio:
    return portfolio.load(small_portfolio(tmp_path))


NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)


def test_without_a_month_it_is_the_last_that_ended_in_the_portfolios_zone(
    found: portfolio.Portfolio,
) -> None:
    assert asked(found, None, None, None, None, NOW).through == date(2026, 10, 1)
    west = found.model_copy(update={"time_zone": "America/New_York"})
    assert asked(west, None, None, None, None, NOW).through == date(2026, 9, 1)


def test_from_and_to_are_a_range_and_month_stands_alone(found: portfolio.Portfolio) -> None:
    wanted = asked(found, None, "2026-08", "2026-09", None, NOW)
    assert (wanted.first, wanted.through) == (date(2026, 8, 1), date(2026, 9, 1))
    with pytest.raises(click.UsageError):
        asked(found, "2026-08", "2026-08", None, None, NOW)
    with pytest.raises(ConfigurationError, match="swap"):
        asked(found, None, "2026-10", "2026-09", None, NOW)


def test_months_no_portfolio_has_are_refused(found: portfolio.Portfolio) -> None:
    with pytest.raises(ConfigurationError, match="before the first investment"):
        asked(found, "2026-07", None, None, None, NOW)
    with pytest.raises(ConfigurationError, match="years ahead"):
        asked(found, "2062-10", None, None, None, NOW)
    assert "not ended" in str(asked(found, "2026-11", None, None, None, NOW).note)


@pytest.mark.parametrize("text", ["yesterday", "2026-10-01T00:00:00", "2026-13-01", ""])
def test_a_cut_off_needs_an_offset(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write 2026-11-01"):
        instant(text, "UTC")


def test_init_then_doctor_say_what_is_missing(run: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    told = run("init", folder)
    assert told.code == 0
    assert "roi-pipeline doctor" in told.out
    assert run("init", folder).code == 2  # nothing is overwritten
    document = run("doctor", "--json", "--portfolio", folder).json
    assert (document["ready"], document["exit_code"]) == (False, 3)
    assert {"where", "what", "remedy"} == set(document["hints"][0])
    assert {hint["where"] for hint in document["hints"]} >= {
        "reference/prices.csv",
        "reference/baselines.csv",
        "reference/terms.csv",
        "portfolio.yaml: sources[0].path",
    }


def test_quiet_says_nothing_but_errors(run: Callable, small: Path, tmp_path: Path) -> None:
    told = run("doctor", "-q", "--portfolio", small)
    assert (told.code, told.out, told.err) == (0, "", "")
    assert run("status", "-q", "--portfolio", small_portfolio(tmp_path)).err != ""


def test_the_environment_names_the_portfolio(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROI_PORTFOLIO", str(tmp_path))
    assert json.loads(run("doctor", "--json").out)["error"].startswith(f"{tmp_path}/portfolio.yaml")
