"""A company to deliver files to: a portfolio on disk and its receipts, open."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.ingest import deliveries
from roi_pipeline.portfolio import Portfolio

SYSTEM = {
    "id": "card-fraud",
    "name": "Card fraud",
    "scenario": "fraud_detection",
    "invested_on": "2025-11-01",
    "live_on": "2026-01-01",
}
PREDICTIONS = "prediction_id,predicted_at,system_id,model_version,decision"
PREDICTION = "p{i},2026-10-05T08:00:00Z,card-fraud,v1,block"
BILLING = (
    "BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,BilledCost,EffectiveCost,BillingCurrency"
)
BILL = (
    "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,"
    "Usage,{cost},{cost},USD"
)


@dataclass
class Company:
    """A portfolio on disk, and a connection with its receipts."""

    portfolio: Portfolio
    con: duckdb.DuckDBPyConnection

    @property
    def folder(self) -> Path:
        return self.portfolio.folder

    def put(self, path: str, content: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def ingest(self, dataset: str) -> deliveries.IngestReport:
        report = deliveries.ingest(self.con, self.portfolio, dataset)
        deliveries.create_views(self.con, self.portfolio)
        return report

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(values)).fetchall()

    def value(self, query: str, *values: object) -> Any:
        return self.rows(query, *values)[0][0]


def lines(header: str, rows: list[str]) -> str:
    """A CSV of complete lines."""
    return "\n".join([header, *rows]) + "\n"
