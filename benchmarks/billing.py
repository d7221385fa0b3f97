"""What taking in a bill costs, beside a bare typed read of the same file.

    python benchmarks/billing.py --lines 1_000_000

The rival reads the columns that the file has, casts money to DECIMAL(38,18) and instants to
TIMESTAMP, and writes Parquet: no accounting, no checksum, no quarantine, no tags as JSON.
"""

import argparse
import json
import shutil
from pathlib import Path

import data
import measure

MONEY = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
QUANTITIES = ("ConsumedQuantity", "PricingQuantity")
INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")


def ours(folder: Path) -> int:
    """Take the bill in; returns the number of rows accepted."""
    from roi_pipeline import portfolio, warehouse
    from roi_pipeline.ingest import deliveries

    found = portfolio.load(folder)
    with warehouse.opened(found) as con:
        deliveries.open_receipts(con, found)
        report = deliveries.ingest(con, found, "billing")
    if report.refused:
        raise RuntimeError(report.refused[0].reason)
    return sum(receipt.rows_accepted for receipt in report.receipts)


def bare(folder: Path) -> int:
    """Read the same file with the same casts and write it; returns the number of rows."""
    import duckdb

    kinds = dict.fromkeys((*MONEY, *QUANTITIES), "decimal(38, 18)") | dict.fromkeys(
        INSTANTS, "timestamp"
    )
    (file,) = (folder / "inbox" / "billing").glob("*.csv.gz")
    con = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
    read = f"read_csv('{file}', header = true, all_varchar = true)"
    names = [row[0] for row in con.execute(f"describe from {read}").fetchall()]
    columns = ", ".join(
        f'cast("{name}" as {kinds.get(name, "varchar")}) as "{name}"' for name in names
    )
    target = folder / "state" / "bare.parquet"
    target.parent.mkdir(exist_ok=True)
    query = f"copy (select {columns} from {read}) to '{target}' (format parquet, compression zstd)"
    return int(con.execute(query).fetchall()[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=lambda text: int(text.replace("_", "")), default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks/billing"))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=("ours", "bare"), help="one run over FOLDER")
    given = parser.parse_args()
    if given.only:
        print(json.dumps({"rows": {"ours": ours, "bare": bare}[given.only](given.folder)}))
        return
    folder = data.company(given.folder.resolve(), 1)
    file = folder / "inbox" / "billing" / "2026-09.csv.gz"
    file.unlink(missing_ok=True)
    data.bill(file, given.lines)
    best: dict[str, measure.Cost] = {}
    for _ in range(given.repeat):
        for name in ("bare", "ours"):
            shutil.rmtree(folder / "state", ignore_errors=True)
            cost = measure.run(name, [__file__, "--folder", folder, "--only", name])
            best[name] = min(best.get(name, cost), cost, key=lambda one: one.cpu_s)
            if cost.said["rows"] != given.lines:
                raise RuntimeError(f"{name}: {cost.said['rows']} rows of {given.lines}")
    rows = [
        [c.name, c.cpu_s, c.wall_s, c.peak_gb, c.cpu_s / best["bare"].cpu_s] for c in best.values()
    ]
    print(f"{given.lines:,} lines, {file.stat().st_size / 1e6:.0f} MB, {measure.machine()}\n")
    print(measure.table(["run", "CPU-s", "wall s", "peak GB", "x bare read"], rows))


if __name__ == "__main__":
    main()
