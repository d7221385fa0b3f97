"""Suites are read strictly: what Great Expectations would drop in silence is refused by name."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roi_pipeline import quality
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS

Document = dict[str, Any]


def document() -> Document:
    return {
        "name": "predictions",
        "meta": {"instant_column": "predicted_at"},
        "expectations": [
            {
                "type": "expect_column_values_to_not_be_null",
                "severity": "critical",
                "description": "Every prediction has an id.",
                "kwargs": {"column": "prediction_id"},
                "meta": {"name": "id_present"},
            },
            {
                "type": "unexpected_rows_expectation",
                "severity": "info",
                "description": "No row is old.",
                "kwargs": {"unexpected_rows_query": "select 1 from {batch} where false"},
                "meta": {"name": "recent"},
            },
        ],
    }


def load(folder: Path, given: Document) -> quality.Suite:
    (folder / "predictions.json").write_text(json.dumps(given))
    return quality.suites(folder)["predictions"]


def test_a_suite_says_what_a_person_and_dagster_need(tmp_path: Path) -> None:
    suite = load(tmp_path, document())
    assert [(c.name, c.severity, c.description, c.is_blocking) for c in suite.checks] == [
        ("id_present", "critical", "Every prediction has an id.", True),
        ("recent", "info", "No row is old.", False),
    ]
    assert suite.instant_column == "predicted_at"


def _set(key: str, value: object) -> Callable[[Document], None]:
    def change(given: Document) -> None:
        given["expectations"][1][key] = value

    return change


def _rename(given: Document) -> None:
    given["name"] = "outcomes"


def _empty(given: Document) -> None:
    given["expectations"] = []


def _mistype_column(given: Document) -> None:
    given["meta"] = {"instant_colum": "predicted_at"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_set("type", "unexpected_row_expectation"), "recent: .*unexpected_rows_expectation"),
        (_set("type", "expect_column_values_to_match_regex"), "recent: has the type"),
        (_set("severity", "critcal"), "recent: .*did you mean critical"),
        (_set("severity", None), "recent: has the severity None"),
        (_set("description", ""), "recent: has no description"),
        (_set("sevrity", "info"), "recent: has unknown keys: sevrity"),
        (_set("meta", {}), "expectation 2 .* has no meta.name"),
        (_set("meta", {"name": "id_present"}), "id_present: stands twice"),
        (_set("meta", {"name": "Not a name"}), "Not a name: use small letters"),
        (_rename, "must be 'predictions'"),
        (_empty, "would always pass"),
        (_mistype_column, "did you mean instant_column"),
    ],
)
def test_what_is_mistyped_is_refused(
    change: Callable[[Document], None], told: str, tmp_path: Path
) -> None:
    given = document()
    change(given)
    with pytest.raises(ConfigurationError, match=rf"predictions\.json: .*{told}"):
        load(tmp_path, given)


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "predictions.json").write_text("{")
    with pytest.raises(ConfigurationError, match="not JSON"):
        quality.suites(tmp_path)


def test_definitions_load_without_great_expectations() -> None:
    code = (
        "import sys; from roi_pipeline import quality; assert quality.suites(); "
        "assert 'great_expectations' not in sys.modules; assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_table_of_the_contract_has_a_suite() -> None:
    sources = "billing capex asset_events operating_costs predictions outcomes fx"
    reference = "prices baselines terms allocation cost_waivers"
    marts = (
        "outcome_cells ledger_monthly tco_monthly value_attribution_monthly quality_monthly "
        "development_monthly "
        "roi_monthly threshold_status_monthly reconciliation_monthly dim_system "
        "status_transitions status_reviews roi_by_grade_monthly "
        "roi_by_mode_monthly indirect_value_monthly "
        "unit_cost_monthly tco_change_monthly cost_completeness_monthly unallocated_monthly "
        "spend_estimate_monthly"
    )
    ahead = (
        "economics_monthly degradation_monthly options_monthly options projection_monthly "
        "sensitivity_monthly serving_mode_comparison_monthly "
        "facilities edge_fleets asset_tax_yearly asset_register_monthly"
    )
    assert set(quality.suites()) == {
        *sources.split(),
        *reference.split(),
        *marts.split(),
        *ahead.split(),
    }


@pytest.mark.parametrize("dataset", sorted(CONTRACTS.keys() & quality.suites().keys()))
def test_the_schema_of_a_source_is_that_of_its_contract(dataset: str) -> None:
    (schema,) = (c for c in quality.suites()[dataset].checks if c.name == "schema")
    asked = set(schema.kwargs["column_set"]) - {"delivery_id", "row_no", "source_id"}
    assert asked == {column.name for column in CONTRACTS[dataset].columns}
