"""Which stored tables a table is made from, and which its checks compare it with, through the views
between them. Knows the models and what the tables that Python fills read; opens no database."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from roi_pipeline.engines.cells import CELLS
from roi_pipeline.models import Model
from roi_pipeline.portfolio import DATASETS, REFERENCES
from roi_pipeline.suites import suites

VIEWS = ("staging", "cost", "value")
# Tables that every ingestion writes: what reads them waits for all of them. (A mart, made of the
# receipts, bears the name of one.)
RECEIPT_TABLES = frozenset(("deliveries", "delivery_months", "delivery_money", "quarantine"))
RECEIPTS = "receipts"  # all of them together
# Written anew from portfolio.yaml, the scope and the closings whenever the books are opened.
OPENING = frozenset(
    (
        *("setting", "run_scope", "run_month", "expected_cost", "systems", "scenario_metric"),
        *("billed_by", "closing", "closed_ledger", "check_parameters"),
    )
)
# What the tables that Python fills read, so that the lineage shows it.
PYTHON_READS: Mapping[str, Sequence[str]] = {
    "depreciation": ("asset", "asset_events", "asset_document", "asset_period", "usage_cells"),
    "development_monthly": ("evidence_count", "value_priced"),
    "maturity": ("evidence_count",),
    "quality_monthly": ("quality_count", "usage_month", "orphan_outcome", "score_cells"),
    "shared_value": ("shared_worth", "shared_again"),
    "tax_depreciation": ("asset", "asset_document"),
    "roi_monthly": ("roi_input", "terms"),
    "threshold_status_monthly": ("roi_input", "terms", "reviews"),
    "economics_monthly": (
        *("version_quality", "ledger_monthly", "evidence_count", "maturity"),
        *("evidence_grade", "evidence_month", "gross_loss", "value_known"),
        *("value_month", "price_error", "terms"),
    ),
    "degradation_monthly": (
        *("version_quality", "economics_monthly", "terms", "option_cost", "model_versions"),
    ),
    "options_monthly": (
        *("economics_monthly", "degradation_monthly", "terms", "option_cost", "model_versions"),
    ),
    "projection_monthly": ("economics_monthly", "degradation_monthly", "roi_monthly", "terms"),
    "sensitivity_monthly": ("economics_monthly", "degradation_monthly", "roi_monthly", "terms"),
    "serving_mode_comparison_monthly": ("usage_cells", "ledger_monthly", "terms"),
    "unit_cost_monthly": ("cost_month", "mode_usage", "success_count", "accelerator_use"),
    "tco_change_monthly": ("ledger_monthly", "mode_usage"),
}


def read_by(name: str, models: Mapping[str, Model]) -> frozenset[str]:
    """The datasets and stored tables that a table is made from; RECEIPTS where it reads those."""
    if name in CELLS:
        return frozenset(("predictions", "outcomes"))
    model = models.get(name)
    return stored(model.reads if model else PYTHON_READS[name], models) - {name}


def compared_with(table: str, models: Mapping[str, Model]) -> frozenset[str]:
    """The datasets and stored tables that the checks of a table compare it with."""
    return stored(_compared().get(table, frozenset()), models) - {table}


@cache
def _compared() -> Mapping[str, frozenset[str]]:
    return {table: suite.reads for table, suite in suites().items()}


def stored(names: Iterable[str], models: Mapping[str, Model]) -> frozenset[str]:
    """Views are followed to what they read; common table expressions of a check are no tables."""
    found, seen, left = set[str](), set[str](), {*names}
    while left:
        read = left.pop()
        seen.add(read)
        if read in RECEIPT_TABLES:
            found.add(RECEIPTS)
        elif read in models and models[read].layer in VIEWS:
            left |= models[read].reads - seen
        elif read in (*CELLS, *DATASETS, *REFERENCES, *PYTHON_READS) or read in models:
            found.add(read)
    return frozenset(found)
