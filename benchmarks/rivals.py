"""The same month without the pipeline: `python benchmarks/rivals.py NAME FOLDER`.

scan    reads every column the cells need, once
join    the floor: one join and one aggregate, nothing deduplicated, amounts exact
hand    what one would write for these columns alone: both sides deduplicated, two aggregates
pandas  the same as hand; money in floats, for want of decimals
"""

import json
import sys
from pathlib import Path

KEYS = "system_id, model_version, serving_mode, decision"
SCAN = """
select count(*), max(prediction_id), max(predicted_at), max(system_id), max(model_version),
    max(serving_mode), max(decision), max(amount), max(latency_ms), max(input_tokens),
    max(output_tokens), max(compute_seconds)
from raw_prediction
union all
select count(*), max(prediction_id), max(observed_at), max(outcome), null, null, null, max(amount),
    null, null, null, null
from raw_outcome
"""
JOINED = f"""
select cast(predicted_at as date) as day, {KEYS}, o.outcome, count(*) as predictions,
    sum(p.amount) as amount, sum(o.amount) as outcome_amount,
    sum(cast(p.amount as decimal(38, 2)) * p.amount) as amount_squared
from {{prediction}} as p left join {{outcome}} as o using (prediction_id)
group by all
"""
USAGE = f"""
select cast(predicted_at as date) as day, {KEYS}, count(*) as predictions,
    sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
    sum(compute_seconds) as compute_seconds,
    quantile_cont(latency_ms, 0.5) as latency_ms_p50,
    quantile_cont(latency_ms, 0.95) as latency_ms_p95
from prediction
group by all
"""
ONCE = """
create temp table repeated_{log} as
select prediction_id from raw_{log} group by prediction_id having count(*) > 1;
create temp table kept_{log} as
select * from raw_{log} semi join repeated_{log} using (prediction_id)
qualify row_number() over (partition by prediction_id order by {time} desc) = 1;
create view {log} as
select * from raw_{log} anti join repeated_{log} using (prediction_id)
union all select * from kept_{log};
"""


def in_duckdb(name: str, inbox: Path) -> int:
    """Run a rival in DuckDB; returns the number of result rows."""
    import duckdb

    con = duckdb.connect(
        config={"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False}
    )
    for log in ("prediction", "outcome"):
        files = f"read_parquet('{inbox}/{log}s/*.parquet', union_by_name = true)"
        con.execute(f"create view raw_{log} as from {files}")
    if name == "scan":
        return len(con.execute(SCAN).fetchall())
    if name == "join":
        query = JOINED.format(prediction="raw_prediction", outcome="raw_outcome")
        return len(con.execute(query).fetchall())
    con.execute(ONCE.format(log="prediction", time="predicted_at"))
    con.execute(ONCE.format(log="outcome", time="observed_at"))
    rows = len(con.execute(USAGE).fetchall())
    return rows + len(
        con.execute(JOINED.format(prediction="prediction", outcome="outcome")).fetchall()
    )


def in_pandas(inbox: Path) -> int:
    """Run the same in pandas; returns the number of result rows."""
    import pandas as pd

    keys = KEYS.split(", ")
    measures = ["latency_ms", "input_tokens", "output_tokens", "compute_seconds"]
    log = pd.read_parquet(
        inbox / "predictions", columns=["prediction_id", "predicted_at", *keys, "amount", *measures]
    )
    outcomes = pd.read_parquet(inbox / "outcomes")
    for frame in (log, outcomes):
        frame["amount"] = frame["amount"].astype(float)
    log["compute_seconds"] = log["compute_seconds"].astype(float)
    log = log.drop_duplicates("prediction_id", keep="last")
    log["day"] = log.pop("predicted_at").dt.floor("D")
    outcomes = outcomes.sort_values("observed_at").drop_duplicates("prediction_id", keep="last")
    usage = log.groupby(["day", *keys]).agg(
        predictions=("latency_ms", "size"),
        input_tokens=("input_tokens", "sum"),
        output_tokens=("output_tokens", "sum"),
        compute_seconds=("compute_seconds", "sum"),
        latency_ms_p50=("latency_ms", "median"),
        latency_ms_p95=("latency_ms", lambda values: values.quantile(0.95)),
    )
    linked = log[["prediction_id", "day", *keys, "amount"]].merge(
        outcomes.rename(columns={"amount": "outcome_amount"}), on="prediction_id", how="left"
    )
    linked["amount_squared"] = linked["amount"] ** 2
    cells = linked.groupby(["day", *keys, "outcome"], dropna=False).agg(
        predictions=("amount", "size"),
        amount=("amount", "sum"),
        outcome_amount=("outcome_amount", "sum"),
        amount_squared=("amount_squared", "sum"),
    )
    return len(usage) + len(cells)


if __name__ == "__main__":
    rival, folder = sys.argv[1], Path(sys.argv[2]) / "inbox"
    found = in_pandas(folder) if rival == "pandas" else in_duckdb(rival, folder)
    print(json.dumps({"rows": found}))
