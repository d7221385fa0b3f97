"""What init writes: a portfolio that can be read, and whose examples a run accepts."""

from pathlib import Path

import pytest
from command_line import said

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.portfolio import REFERENCES, load
from roi_pipeline.scaffold import write


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


def test_the_correction_in_the_readme_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    example = (tmp_path / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    file = tmp_path / "reference" / "corrections.yaml"
    file.write_text(example)
    (refusal,) = said("doctor", "--json", "--portfolio", tmp_path).json["refused"]
    assert "licence-typo" in refusal  # its row was not delivered
    file.write_text(example.replace("operating_costs", "operating_cost"))
    answer = said("doctor", "--json", "--portfolio", tmp_path)
    assert answer.code == 2
    assert "did you mean 'operating_costs'?" in answer.json["error"]


def test_the_examples_in_the_readme_pass_the_doctor(tmp_path: Path) -> None:
    """Every indented CSV of README.md is put in its place and must be right."""
    write(tmp_path)
    text = (tmp_path / "README.md").read_text()
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
        (tmp_path / "reference" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    answer = said("doctor", "--json", "--portfolio", tmp_path).json
    assert (answer["error"], answer["refused"], answer["intake"]["rows_quarantined"]) == (
        None,
        [],
        0,
    )
    assert {check["name"] for check in answer["failed_checks"]} == {"not_empty"}
    assert [hint for hint in answer["hints"] if hint["where"].startswith("reference/")] == []
