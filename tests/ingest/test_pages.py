"""An answer of an API is ingested when all of its pages are there, in one file or in several."""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from company import Company

Make = Callable[..., Company]
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
FORMATS = ("openai_costs", "anthropic_cost")


def bucket(name: str, day: int) -> dict[str, Any]:
    start, end = FIRST + timedelta(days=day - 1), FIRST + timedelta(days=day)
    if name == "openai_costs":
        amount = {"value": 10.0, "currency": "usd"}
        result: dict[str, Any] = {"object": "organization.costs.result", "amount": amount}
        times: dict[str, Any] = {"start_time": int(start.timestamp())}
        times["end_time"] = int(end.timestamp())
    else:
        result = {"amount": "1000", "currency": "USD"}
        times = {"starting_at": f"{start:%Y-%m-%dT%H:%M:%SZ}", "ending_at": f"{end.isoformat()}"}
    return {"object": "bucket", **times, "results": [result]}


def page(name: str, first: int, last: int, **more: object) -> str:
    """Days from the first to the last of October, 10.00 a day."""
    data = [bucket(name, day) for day in range(first, last + 1)]
    following = {"has_more": last < 31, "next_page": f"page_{last}" if last < 31 else None}
    return json.dumps({"object": "page", "data": data, **following, **more})


def company_of(make: Make, name: str, path: str = "inbox/*.json") -> Company:
    return make({"dataset": "billing", "path": path, "format": name})


def put(company: Company, *pages: str, folder: str = "inbox") -> None:
    for number, text in enumerate(pages, 1):
        company.put(f"{folder}/page-{number}.json", text)


def refused(company: Company) -> list[str]:
    report = company.ingest("billing")
    assert company.value("select count(*) from billing") == 0
    return [f"{refusal.path}: {refusal.reason}" for refusal in report.refused]


def billed(company: Company) -> object:
    assert company.ingest("billing").refused == ()
    return company.value("select sum(billed_cost) from billing")


@pytest.mark.parametrize("name", FORMATS)
def test_a_page_whose_next_page_is_missing_is_refused(make: Make, name: str) -> None:
    company = company_of(make, name)
    put(company, page(name, 1, 7))
    (reason,) = refused(company)
    assert reason.startswith("inbox/page-1.json")
    assert "says that more pages follow (has_more, next_page)" in reason
    assert "save every page, in one file or one folder" in reason


@pytest.mark.parametrize(
    "more",
    [
        {"has_more": True, "next_page": None},
        {"has_more": "true"},
        {"has_more": None},
        {"next_page": "page_X", "has_more": True, "data": []},
    ],
)
def test_either_sign_of_a_further_page_counts(make: Make, more: dict[str, Any]) -> None:
    company = company_of(make, "openai_costs")
    put(company, page("openai_costs", 1, 7, **more))
    assert len(refused(company)) == 1
    without = json.loads(page("openai_costs", 1, 7))
    del without["has_more"]
    company = company_of(make, "openai_costs")
    put(company, json.dumps(without))
    assert len(refused(company)) == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("spans", [[(1, 31)], [(1, 7), (8, 31)], [(1, 7), (8, 14), (15, 31)]])
@pytest.mark.parametrize("form", ["one after the other", "a list", "packed"])
def test_pages_in_one_file_are_whole(
    make: Make, name: str, spans: Sequence[tuple[int, int]], form: str
) -> None:
    texts = [page(name, *span) for span in spans]
    whole = f"[{', '.join(texts)}]" if form == "a list" else "\n".join(texts)
    company = company_of(make, name)
    company.put("inbox/a.json", gzip.compress(whole.encode()) if form == "packed" else whole + "\n")
    assert billed(company) == 310


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("path", "folder"), [("inbox/*.json", "inbox"), ("inbox/*/*.json", "inbox/2026-10")]
)
def test_pages_in_several_files_are_one_export(
    make: Make, name: str, path: str, folder: str
) -> None:
    """Whether or not a wildcard chose the folder, no page replaces another of its month."""
    company = company_of(make, name, path)
    put(company, page(name, 1, 7), page(name, 8, 14), page(name, 15, 31), folder=folder)
    assert billed(company) == 310
    assert company.ingest("billing").receipts == ()
    assert billed(company) == 310


@pytest.mark.parametrize("path", ["inbox/*.json", "inbox/*/*.json"])
def test_a_missing_middle_page_keeps_the_pages_before_it_out(make: Make, path: str) -> None:
    company = company_of(make, "openai_costs", path)
    folder = "inbox" if path == "inbox/*.json" else "inbox/2026-10"
    put(company, page("openai_costs", 1, 7), page("openai_costs", 8, 14), folder=folder)
    assert len(refused(company)) == 2
    company.put(f"{folder}/page-3.json", page("openai_costs", 15, 31))
    assert billed(company) == 310


def test_a_newer_export_in_one_page_replaces_all_pages(make: Make) -> None:
    company = company_of(make, "openai_costs")
    put(company, page("openai_costs", 1, 7), page("openai_costs", 8, 31))
    assert billed(company) == 310
    company.put("inbox/whole.json", page("openai_costs", 1, 31).replace("10.0", "11.0"))
    assert billed(company) == 341


def test_two_exports_of_several_pages_in_one_folder_are_refused(make: Make) -> None:
    company = company_of(make, "openai_costs")
    pages = [page("openai_costs", 1, 7), page("openai_costs", 8, 31)]
    put(company, *pages, *(text.replace("10.0", "11.0") for text in pages))
    reasons = refused(company)
    assert len(reasons) == 4
    assert "hold pages of the same time: keep one export a folder" in reasons[0]


def test_the_next_month_is_no_next_page(make: Make) -> None:
    company = company_of(make, "openai_costs")
    november = page("openai_costs", 32, 61, has_more=False, next_page=None)
    put(company, page("openai_costs", 1, 31), november)
    assert billed(company) == 610
    company = company_of(make, "openai_costs")
    put(company, page("openai_costs", 1, 7), november)
    report = company.ingest("billing")
    assert [refusal.path for refusal in report.refused] == ["inbox/page-1.json"]
