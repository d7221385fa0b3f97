"""What init writes, and what doctor finds in a portfolio that was damaged in one place."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from roi_pipeline import examination
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.portfolio import REFERENCES, load
from roi_pipeline.scaffold import Finding, examine, write

PRICES = "system_id,driver,unit,unit_price,currency,valid_from,source_document\n"
GOOD = {
    "prices": PRICES + "my-system,a/b,case,1.50,USD,2026-01-01,study\n",
    "baselines": (
        "system_id,version,metric,value,unit,window_start,window_end,source_document\n"
        "my-system,1,policy,0,USD per case,2025-01-01,2025-12-31,study\n"
    ),
    "terms": (
        "system_id,term,value,valid_from,version,approved_by,approved_at\n"
        "my-system,hurdle_rate_annual,0.12,2026-01-01,1,finance,2025-12-10T09:00:00Z\n"
    ),
}


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    """A new portfolio with everything a run needs: the doctor has nothing to say."""
    write(tmp_path)
    for name, text in GOOD.items():
        (tmp_path / "reference" / f"{name}.csv").write_text(text)
    for dataset in ("capex", "operating_costs", "fx", "predictions", "outcomes"):
        (tmp_path / "inbox" / dataset / "x.csv").write_text("a\n")
    (tmp_path / "inbox" / "billing" / "x.csv.gz").write_bytes(b"")
    return tmp_path


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_init_writes_a_portfolio_that_can_be_read(tmp_path: Path) -> None:
    written = write(tmp_path / "new")
    loaded = load(tmp_path / "new")
    assert loaded.systems[0].id == "my-system"
    assert {file.name for file in written} >= {"portfolio.yaml", "README.md", ".gitignore"}
    assert (tmp_path / "new" / "inbox" / "outcomes").is_dir()
    assert "state/" in (tmp_path / "new" / ".gitignore").read_text().splitlines()


def test_the_tables_of_init_have_the_headers_of_the_contracts(tmp_path: Path) -> None:
    write(tmp_path)
    header = (tmp_path / "reference" / "prices.csv").read_text().strip().split(",")
    assert header == list(CONTRACTS["prices"].names)
    assert {file.stem for file in (tmp_path / "reference").glob("*.csv")} == {*REFERENCES}


def test_the_doctor_reads_corrections_as_the_readme_shows_them(portfolio: Path) -> None:
    example = (portfolio / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    file = portfolio / "reference" / "corrections.yaml"
    file.write_text(example)
    assert [f for f in examine(portfolio) if "corrections" in f.where] == []
    file.write_text(example.replace("operating_costs", "operating_cost"))
    (finding,) = [f for f in examine(portfolio) if "corrections" in f.where]
    assert finding.level == "error"
    assert "did you mean 'operating_costs'?" in finding.remedy


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"README\.md: there already"):
        write(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
    assert not (tmp_path / "portfolio.yaml").exists()


def test_init_says_so_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="name a folder that can be written"):
        write(tmp_path / "file" / "new")


def test_the_examples_in_the_readme_pass_the_doctor(portfolio: Path) -> None:
    """Every indented CSV of README.md is put in its place and must be right."""
    text = (portfolio / "README.md").read_text()
    tables: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("    system_id,") or line.startswith(
            ("    rule_", "    allocation_", "    location,")
        ):
            tables.append([])
        if line.startswith("    "):
            tables[-1].append(line.strip())
    columns = {",".join(CONTRACTS[name].names): name for name in REFERENCES}
    names = [columns[lines[0]] for lines in tables]
    assert {"prices", "baselines", "terms", "allocation", "indirect_values"} <= set(names)
    for name, lines in zip(names, tables, strict=True):
        (portfolio / "reference" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    assert examine(portfolio) == []


def test_a_complete_portfolio_has_no_finding(portfolio: Path) -> None:
    assert examine(portfolio) == []


def test_a_new_portfolio_lacks_prices_first(tmp_path: Path) -> None:
    write(tmp_path)
    findings = examine(tmp_path)
    assert (findings[0].level, findings[0].where) == ("error", "reference/prices.csv")
    assert {finding.where for finding in findings} >= {
        "reference/baselines.csv",
        "reference/terms.csv",
        "portfolio.yaml: sources[0].path",
    }


def test_mistakes_of_portfolio_yaml_are_findings(portfolio: Path) -> None:
    file = portfolio / "portfolio.yaml"
    file.write_text(file.read_text().replace("USD ", "dollars "))
    finding = only(examine(portfolio))
    assert (finding.level, finding.where) == ("error", str(file))
    assert finding.what == "reporting_currency 'dollars'"
    assert "ISO 4217" in finding.remedy


DAMAGE: dict[str, tuple[str, Callable[[str], str], str, str, str]] = {
    "a renamed column": (
        "prices",
        lambda text: text.replace("unit_price", "price"),
        "reference/prices.csv",
        "no column 'unit_price'; is it column 4?",
        "add it to the header",
    ),
    "a column twice": (
        "prices",
        lambda text: text.replace("\n", ",unit\n", 1).replace("study", "study,case"),
        "reference/prices.csv",
        "column 'unit' stands there twice",
        "keep one",
    ),
    "an unknown column": (
        "prices",
        lambda text: text.replace("\n", ",x\n"),
        "reference/prices.csv",
        "column 8 has an unknown name",
        "use one of system_id",
    ),
    "a German number": (
        "prices",
        lambda text: text.replace("1.50", '"1,50"'),
        "reference/prices.csv row 1, unit_price",
        "cannot be read",
        "decimal point",
    ),
    "not a number": (
        "prices",
        lambda text: text.replace("1.50", "nan"),
        "reference/prices.csv row 1, unit_price",
        "cannot be read",
        "decimal point",
    ),
    "a US date": (
        "prices",
        lambda text: text.replace("2026-01-01", "01/02/2026"),
        "reference/prices.csv row 1, valid_from",
        "cannot be read",
        "YYYY-MM-DD",
    ),
    "a time without an offset": (
        "terms",
        lambda text: text.replace("09:00:00Z", "09:00:00"),
        "reference/terms.csv row 1, approved_at",
        "cannot be read",
        "YYYY-MM-DDTHH:MM:SSZ",
    ),
    "an empty cell": (
        "prices",
        lambda text: text.replace("case", ""),
        "reference/prices.csv row 1, unit",
        "empty",
        "fill it in",
    ),
    "a comma too many": (
        "prices",
        lambda text: text.replace("study", "study, revised"),
        "reference/prices.csv row 1",
        "8 fields, the header has 7",
        "quotes",
    ),
    "an open quote": (
        "prices",
        lambda text: text.replace("study", '"study'),
        "reference/prices.csv",
        "unexpected end of data",
        "close every quote",
    ),
    "an empty file": (
        "prices",
        lambda text: "",
        "reference/prices.csv",
        "empty",
        "begin with system_id,driver",
    ),
    "another system": (
        "prices",
        lambda text: text + "my-sistem,a/b,case,1,USD,2026-01-01,study\n",
        "reference/prices.csv",
        "1 row for one system that portfolio.yaml does not have",
        "did you mean 'my-system'?",
    ),
    "shares that leave a tenth": (
        "allocation",
        lambda _: "allocation_key,system_id,share,valid_from\nk,my-system,0.9,2026-01-01\n",
        "reference/allocation.csv",
        "the shares of 'k' from 2026-01-01 add up to 0.9",
        "add up to 1",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_the_doctor_finds_what_is_wrong_in_a_table(portfolio: Path, name: str) -> None:
    table, damage, where, what, remedy = DAMAGE[name]
    file = portfolio / "reference" / f"{table}.csv"
    file.write_text(damage(file.read_text()))
    found = [f for f in examine(portfolio) if not f.what.startswith("no price")]
    finding = only(found)
    assert (finding.where, finding.what) == (where, what)
    assert remedy in finding.remedy


@pytest.mark.parametrize("header", [True, False])
def test_the_doctor_quotes_nothing_of_a_table(portfolio: Path, header: bool) -> None:
    """Promise 46: a table without its header, or with data in the wrong column."""
    person = "Jane Quillfeather,jane@example.com,jane@example.com,4111111111111111,Jane,Jane,Jane\n"
    file = portfolio / "reference" / "prices.csv"
    file.write_text((file.read_text().splitlines()[0] + "\n" if header else "") + person)
    findings = examine(portfolio)
    assert any(finding.level == "error" for finding in findings)
    for word in ("Quill", "jane", "4111"):
        assert word not in str(findings)


def test_a_table_in_another_encoding_is_found_with_the_byte(portfolio: Path) -> None:
    file = portfolio / "reference" / "prices.csv"
    file.write_bytes(PRICES.encode() + "café".encode("latin-1"))
    finding = next(f for f in examine(portfolio) if "UTF-8" in f.what)
    assert f"byte {len(PRICES) + 3} " in finding.what


def test_a_missing_table_is_read_as_empty(portfolio: Path) -> None:
    (portfolio / "reference" / "reviews.csv").unlink()
    finding = only(examine(portfolio))
    assert (finding.level, finding.where) == ("warning", "reference/reviews.csv")


def test_a_source_without_files_and_with_unknown_names(portfolio: Path) -> None:
    file = portfolio / "portfolio.yaml"
    text = file.read_text().replace("# columns: {prediction_id", "columns: {predicton_id")
    file.write_text(text.replace("inbox/outcomes/*", "inbox/outcome/*"))
    columns, path = examine(portfolio)
    assert (columns.level, columns.where) == ("error", "portfolio.yaml: sources[4].columns")
    assert "did you mean 'prediction_id'?" in columns.remedy
    assert (path.level, path.what) == ("warning", "no file matches 'inbox/outcome/*'")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_bill_of_another_format_is_named(portfolio: Path, pack: Callable[[bytes], bytes]) -> None:
    header = "bill/PayerAccountId,lineItem/UsageStartDate,lineItem/UnblendedCost\n"
    bill = portfolio / "inbox" / "billing" / "x.csv.gz"
    bill.write_bytes(pack(header.encode()))
    finding = only(examine(portfolio))
    assert (finding.level, finding.where) == ("error", "portfolio.yaml: sources[0].format")
    assert finding.what == "focus, but inbox/billing/x.csv.gz looks like aws_cur"
    bill.write_bytes(pack(b'{"object": "page", "data": [{"object": "organization.costs.result"}]}'))
    assert only(examine(portfolio)).remedy == "write format: openai_costs"
    bill.write_bytes(pack(header.encode())[:12])  # cut: a run says so
    assert examine(portfolio) == []


def test_the_key_for_personal_data_is_asked_for_and_never_shown(
    portfolio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = portfolio / "portfolio.yaml"
    file.write_text(file.read_text().replace("# columns: {prediction_id", "columns: {entity_id"))
    monkeypatch.delenv("ROI_PII_KEY", raising=False)
    finding = only(examine(portfolio))
    assert (finding.level, finding.where) == ("error", "ROI_PII_KEY")
    monkeypatch.setenv("ROI_PII_KEY", "s3cr3t")
    assert examine(portfolio) == []


def test_a_folder_that_cannot_be_written_is_an_error(portfolio: Path) -> None:
    (portfolio / "state").write_text("a file where a folder should be")
    finding = only(examine(portfolio))
    assert (finding.level, finding.what) == ("error", "cannot be written")


def test_a_full_disk_and_an_old_database_are_told(
    portfolio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "FREE_BYTES", 10**18)
    monkeypatch.setattr(examination, "version", lambda _: "1.4.4")
    old, full = examine(portfolio)
    assert (old.where, old.what) == ("duckdb", "version 1.4.4")
    assert "GB free" in full.what
