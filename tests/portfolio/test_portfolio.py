"""portfolio.yaml: what is read, and that every mistake names file, key, value and remedy."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.portfolio import REFERENCES, System, load

SYSTEM = {
    "id": "card-fraud",
    "name": "Card fraud scoring",
    "scenario": "fraud_detection",
    "invested_on": date(2025, 11, 1),
    "live_on": date(2026, 1, 1),
}
WHOLE = {"portfolio": "acme", "reporting_currency": "USD", "systems": [SYSTEM]}


def lay(folder: Path, content: dict[str, object] | str) -> Path:
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    (folder / "portfolio.yaml").write_text(text, encoding="utf-8")
    return folder


def told(folder: Path, content: dict[str, object] | str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(lay(folder, content))
    assert caught.value.exit_code == 2
    return str(caught.value).replace(f"{folder}/", "")


def with_system(**changes: object) -> dict[str, object]:
    return WHOLE | {"systems": [SYSTEM | changes]}


def with_source(**given: object) -> dict[str, object]:
    return WHOLE | {"sources": [given]}


def test_the_least_that_is_needed_and_its_defaults(tmp_path: Path) -> None:
    portfolio = load(lay(tmp_path, WHOLE))
    assert portfolio.time_zone == "UTC"
    assert portfolio.max_quarantined_share == Decimal("0.01")
    assert (portfolio.engine.name, portfolio.engine.memory_limit) == ("duckdb", "4GB")
    assert portfolio.systems[0].serving_mode == "realtime"
    assert portfolio.systems[0].outcome_horizon_days == 120
    assert portfolio.system("card-fraud").live_on == date(2026, 1, 1)


def test_the_example_of_the_contract_is_read(tmp_path: Path) -> None:
    text = """
portfolio: acme
reporting_currency: USD
time_zone: Europe/Berlin
systems:
  - id: card-fraud
    name: Card fraud scoring
    scenario: fraud_detection
    invested_on: 2025-11-01
    live_on: 2026-01-01
    serving_mode: realtime
    positive: {decision: [block], outcome: [fraud]}
    owner: risk-analytics
    outcome_horizon_days: 120
sources:
  - dataset: predictions
    path: inbox/predictions/*.parquet
    mechanism: append
    columns: {prediction_id: request_id, predicted_at: ts, system_id: "=card-fraud"}
    time_zone: America/New_York
  - {dataset: billing, path: inbox/billing/aws/*/*.csv.gz, format: focus, mechanism: overwrite}
engine: {name: duckdb, memory_limit: 8GB, spill_limit: 100GB, threads: 4}
"""
    portfolio = load(lay(tmp_path, text))
    assert portfolio.systems[0].positive is not None
    assert portfolio.systems[0].positive.outcome == ("fraud",)
    assert portfolio.sources[0].columns["system_id"] == "=card-fraud"
    assert (portfolio.engine.spill_limit, portfolio.engine.threads) == ("100GB", 4)


def test_a_source_takes_its_name_format_and_mechanism_from_its_dataset(tmp_path: Path) -> None:
    sources = [
        {"dataset": name, "path": "inbox/x"}
        for name in ("billing", "operating_costs", "billing", "predictions")
    ]
    found = load(lay(tmp_path, WHOLE | {"sources": sources})).sources
    assert [source.id for source in found] == [
        "billing",
        "operating_costs",
        "billing-2",
        "predictions",
    ]
    assert [source.format for source in found] == ["focus", "table", "focus", "table"]
    assert [source.mechanism for source in found] == ["overwrite", "append"] * 2


def test_reference_files_are_sources_nobody_names(tmp_path: Path) -> None:
    found = load(lay(tmp_path, WHOLE)).reference_sources()
    assert ("prices", "reference/prices.csv", "overwrite") in [
        (source.id, source.path, source.mechanism) for source in found
    ]
    assert [source.id for source in found] == [*REFERENCES]


def test_sources_elsewhere_are_readable_and_nothing_above_them(tmp_path: Path) -> None:
    sources = [
        {"dataset": "billing", "path": "/data/bills/*/*.csv.gz"},
        {"dataset": "capex", "path": "/books/assets.csv"},
        {"dataset": "fx", "path": "s3://rates/x.csv"},
    ]
    folders = load(lay(tmp_path, WHOLE | {"sources": sources})).readable_folders
    assert folders == (tmp_path, Path("/data/bills"), Path("/books"))


MISTAKES = {
    "an id with capitals": (
        with_system(id="Card Fraud"),
        "portfolio.yaml: systems[0].id 'Card Fraud': use lower case letters, digits and -",
        "'card-fraud'",
    ),
    "a reserved id": (
        with_system(id="unallocated"),
        "systems[0].id 'unallocated': this id is reserved",
        "choose another",
    ),
    "an id twice": (
        WHOLE | {"systems": [SYSTEM, SYSTEM]},
        "systems[1].id 'card-fraud': [0] has this id already",
        "choose another",
    ),
    "a number as an id": (with_system(id=7), "systems[0].id 7: write text", "in quotes"),
    "a path as a name": (
        with_system(name="../../etc/x"),
        "systems[0].name '../../etc/x': use 1 to 100 characters",
        "not a path",
    ),
    "a path as a portfolio": (
        WHOLE | {"portfolio": "../../etc/x"},
        "portfolio.yaml: portfolio '../../etc/x': use lower case",
        "'etc-x'",
    ),
    "a person's address": (
        with_system(owner="alice@example.com"),
        "systems[0].owner 'alice@example.com': use 1 to 100 characters without",
        "@",
    ),
    "an unknown key": (
        with_system(serving_mod="batch"),
        "systems[0].serving_mod: unknown key",
        "did you mean 'serving_mode'?",
    ),
    "an unknown top key": (WHOLE | {"sytems": []}, "sytems: unknown key", "did you mean 'systems'"),
    "a missing key": (
        WHOLE | {"systems": [{"id": "a-b"}]},
        "systems[0].scenario: missing",
        "add it",
    ),
    "no system": (WHOLE | {"systems": []}, "systems []: name at least one", "system"),
    "systems as text": (WHOLE | {"systems": "card-fraud"}, "systems 'card-fraud'", "a list"),
    "an unknown scenario": (
        with_system(scenario="fraud_detektion"),
        "systems[0].scenario 'fraud_detektion': use one of fraud_detection",
        "did you mean 'fraud_detection'?, or add sql/value/<name>.sql",
    ),
    "live before invested": (
        with_system(live_on=date(2025, 10, 31)),
        "systems[0].live_on 2025-10-31: a system goes live on or after invested_on",
        "2025-11-01",
    ),
    "a date as a number": (
        with_system(live_on=20260101),
        "systems[0].live_on 20260101: write a date as YYYY-MM-DD",
        "e.g.",
    ),
    "an instant as a date": (
        with_system(live_on="2026-01-01T00:00:00Z"),
        "systems[0].live_on '2026-01-01T00:00:00Z'",
        "YYYY-MM-DD",
    ),
    "an unknown serving mode": (
        with_system(serving_mode="real-time"),
        "systems[0].serving_mode 'real-time': use one of realtime, batch, edge",
        "did you mean 'realtime'?",
    ),
    "positive as text": (
        with_system(positive={"decision": "block", "outcome": ["fraud"]}),
        "systems[0].positive.decision 'block': write a list",
        "[block]",
    ),
    "no horizon": (
        with_system(outcome_horizon_days=0),
        "systems[0].outcome_horizon_days 0:",
        "greater than or equal to 1",
    ),
    "an unknown currency": (
        WHOLE | {"reporting_currency": "usd"},
        "reporting_currency 'usd': use an ISO 4217 code in capitals",
        "USD",
    ),
    "an unknown zone": (
        WHOLE | {"time_zone": "Mars/Olympus"},
        "time_zone 'Mars/Olympus': use an IANA time zone",
        "America/New_York",
    ),
    "a zone that is a path": (
        WHOLE | {"time_zone": "../../etc/passwd"},
        "time_zone '../../etc/passwd': use an IANA time zone",
        "UTC",
    ),
    "an unknown dataset": (
        with_source(dataset="outcome", path="x"),
        "sources[0].dataset 'outcome': use one of billing, capex",
        "did you mean 'outcomes'?",
    ),
    "a reference table as a source": (
        with_source(dataset="prices", path="x"),
        "sources[0].dataset 'prices': remove it",
        "reference/prices.csv",
    ),
    "an unknown format": (
        with_source(dataset="billing", path="x", format="focuss"),
        "sources[0].format 'focuss': use one of focus, aws_cur",
        "did you mean 'focus'?",
    ),
    "a bill's format for a log": (
        with_source(dataset="outcomes", path="x", format="focus"),
        "sources[0].format 'focus': use one of table",
        "table",
    ),
    "an unknown mechanism": (
        with_source(dataset="outcomes", path="x", mechanism="replace"),
        "sources[0].mechanism 'replace': use one of overwrite, append",
        "append",
    ),
    "a path that climbs out": (
        with_source(dataset="capex", path="inbox/../../x"),
        "sources[0].path 'inbox/../../x': a relative path stays inside the portfolio",
        "write the absolute path",
    ),
    "two sources of one id": (
        WHOLE | {"sources": [{"dataset": "capex", "path": "x", "id": "books"}] * 2},
        "sources[1].id 'books': [0] has this id already",
        "choose another",
    ),
    "a column that is no name": (
        with_source(dataset="outcomes", path="x", columns={"a b": "x"}),
        "sources[0].columns.a b 'x'",
        "canonical_name: name in the file",
    ),
    "an unknown engine": (
        WHOLE | {"engine": {"name": "sparc"}},
        "engine.name 'sparc': use one of duckdb",
        "duckdb",
    ),
    "memory without a unit": (
        WHOLE | {"engine": {"memory_limit": "4"}},
        "engine.memory_limit '4': write an amount of memory",
        "4GB",
    ),
    "a share above one": (
        WHOLE | {"max_quarantined_share": 1.5},
        "max_quarantined_share 1.5:",
        "less than 1",
    ),
    "a folder": (WHOLE | {"folder": "/etc"}, "folder: unknown key", "remove it"),
    "an unknown rule of sharing": (
        WHOLE | {"shared_outcomes": "shaply"},
        "shared_outcomes 'shaply': use one of first_touch, equal, shapley",
        "did you mean 'shapley'?",
    ),
    "an unknown cluster": (with_system(cluster_by="week"), "cluster_by 'week'", "use one of day"),
    "a switch as text": (
        with_source(dataset="billing", path="x", holds_part="perhaps"),
        "sources[0].holds_part 'perhaps'",
        "write true or false",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_file_key_value_and_remedy(tmp_path: Path, name: str) -> None:
    content, what, remedy = MISTAKES[name]
    message = told(tmp_path, content)
    assert message.startswith("portfolio.yaml: ")
    assert what in message
    assert remedy in message
    assert message.count("\n") == (3 if name == "a missing key" else 0)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    message = told(tmp_path, WHOLE | {"reporting_currency": "?", "time_zone": "?", "x": 1})
    assert len(message.splitlines()) == 3


@pytest.mark.parametrize(
    "publish",
    [
        {"postgres": "postgresql://roi:s3cr3t@db/marts"},
        {"postgres": {"password": "s3cr3t"}},
        {"postgres": "host=db password=s3cr3t"},
        {"password": "s3cr3t"},
        "postgresql://roi:s3cr3t@db/marts",
    ],
)
def test_a_secret_is_refused_and_never_shown(tmp_path: Path, publish: object) -> None:
    message = told(tmp_path, WHOLE | {"publish": publish})
    assert "publish: not available yet" in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize("path", ["s3://key:s3cr3t@bucket/x", "https://h/x?sig=s3cr3t"])
def test_credentials_in_a_path_are_refused_and_never_shown(tmp_path: Path, path: str) -> None:
    message = told(tmp_path, with_source(dataset="billing", path=path))
    assert "sources[0].path (not shown): take the password out" in message
    assert "s3cr3t" not in message


def test_yaml_tags_are_never_executed(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    text = f"portfolio: !!python/object/apply:os.system ['touch {proof}']\n"
    message = told(tmp_path, text)
    assert "line 1" in message
    assert "no tags" in message
    assert not proof.exists()


def test_a_key_that_stands_twice_is_refused_since_a_system_would_vanish(tmp_path: Path) -> None:
    text = yaml.safe_dump(WHOLE) + "systems: []\n"
    assert "key 'systems' stands there twice" in told(tmp_path, text)


def test_a_cycle_of_aliases_and_many_of_them_end_in_a_message(tmp_path: Path) -> None:
    doubled = "\n".join(f"x{n}: &x{n} [{f'*x{n - 1}, ' * 9}]" for n in range(1, 12))
    message = told(tmp_path, f"x0: &x0 lol\n{doubled}\nportfolio: &p [*p]\n")
    assert "x11: unknown key" in message
    assert len(message) < 10_000


def test_other_files_than_a_mapping_in_utf8_are_refused(tmp_path: Path) -> None:
    assert "key: value" in told(tmp_path, "- a list\n")
    (tmp_path / "portfolio.yaml").write_bytes("portfolio: café\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="byte 14 is not UTF-8"):
        load(tmp_path)
    (tmp_path / "portfolio.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigurationError, match="larger than 1 MB"):
        load(tmp_path)


def test_a_missing_portfolio_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no such file; run 'roi-pipeline init"):
        load(tmp_path)


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    lay(tmp_path, "\ufeff" + yaml.safe_dump(WHOLE))
    assert load(tmp_path).portfolio == "acme"


def test_a_scenario_is_a_file_the_portfolio_adds(tmp_path: Path) -> None:
    (tmp_path / "sql" / "value").mkdir(parents=True)
    (tmp_path / "sql" / "value" / "document_processing.sql").write_text("select 1")
    portfolio = load(lay(tmp_path, with_system(scenario="document_processing")))
    assert portfolio.systems[0].scenario == "document_processing"


def test_an_unknown_system_is_named_with_the_nearest(tmp_path: Path) -> None:
    portfolio = load(lay(tmp_path, WHOLE))
    with pytest.raises(ConfigurationError, match="did you mean 'card-fraud'"):
        portfolio.system("card-froud")


def test_what_was_read_cannot_be_changed(tmp_path: Path) -> None:
    portfolio = load(lay(tmp_path, WHOLE))
    with pytest.raises(ValidationError):
        portfolio.systems[0].id = "other"  # type: ignore[misc]


@given(st.from_regex(r"[a-z][a-z0-9-]{1,62}", fullmatch=True))
def test_every_id_of_the_pattern_is_taken(text: str) -> None:
    if text not in ("portfolio", "unallocated"):
        assert System.model_validate(SYSTEM | {"id": text}).id == text


@given(st.text(max_size=80))
def test_no_other_id_is_taken_and_the_remedy_is_an_id(text: str) -> None:
    import re

    if re.fullmatch(r"[a-z][a-z0-9-]{1,62}", text):
        return
    with pytest.raises(ValidationError) as caught:
        System.model_validate(SYSTEM | {"id": text})
    suggestion = re.search(r"e\.g\. '([^']*)'", str(caught.value.errors()[0]["ctx"]["error"]))
    assert suggestion is not None
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,62}", suggestion[1])
