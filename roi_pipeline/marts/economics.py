"""What a month of a system was made of: volume, quality, what quality is worth, and cost.

Everything here is as known now, in the month it belongs to: a correction of an earlier month is
in that month, not in the one that reports it. Small tables, read by all that look ahead.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.value import Month
from roi_pipeline.marts.terms import Terms

MONEY = pl.Decimal(38, 18)
ECONOMICS: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "model_version": pl.String,
    **dict.fromkeys(("decisions", "right_decisions"), pl.Int64),
    **dict.fromkeys(("value", "avoidable", "compute", "fixed", "cumulative_net"), MONEY),
    **dict.fromkeys(("unit_value", "value_variance", "price_error", "maturity"), pl.Float64),
    "is_evidence": pl.Boolean,
    "missing_reason": pl.String,
    "currency": pl.String,
}


@dataclass(frozen=True)
class Economy:
    """One system in one month. Money in the reporting currency; cost is what was used up."""

    month: date
    model_version: str | None  # the one that decided most
    decisions: int
    right_decisions: int
    value: Decimal
    avoidable: Decimal  # what not running would save
    compute: Decimal  # the part of it that clouds and model providers bill
    fixed: Decimal  # running cost that stopping would not save; no depreciation
    cumulative_net: Decimal | None  # value less everything paid since the investment, if known
    unit_value: float | None  # what a right decision is worth above a wrong one
    value_variance: float
    price_error: float
    is_evidence: bool
    missing_reason: str | None


def economics_monthly(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What a month of a system was made of: volume, quality, what quality is worth, and cost."""
    terms = Terms.read(con)
    rows = []
    for row in con.execute(_MONTHS).pl().iter_rows(named=True):
        policy = terms.policy(row["system_id"], row["month"])
        coverage = row["linked"] / row["acted"] if row["acted"] else 0.0
        errors = row["priced_errors"]
        reason = None if row["is_incremental"] else "no_baseline"
        is_evidence = (
            reason is None
            and (row["maturity"] or 0) >= policy.min_maturity
            and coverage >= policy.min_coverage
            and row["linked"] >= max(policy.min_predictions, 1)
        )
        rows.append(
            {name: row[name] for name in ECONOMICS if name in row}
            | {
                "unit_value": float(row["errors_worth"] / errors) if errors else None,
                "is_evidence": is_evidence,
                "missing_reason": reason or (None if is_evidence else "no_evidence"),
            }
        )
    return pl.DataFrame(rows, schema=ECONOMICS)


def read(con: duckdb.DuckDBPyConnection) -> dict[str, list[Economy]]:
    """The months of every system, oldest first."""
    found: dict[str, list[Economy]] = {}
    for system_id, *row in con.execute(
        """
        select system_id, month, model_version, decisions, right_decisions, value, avoidable,
            compute, fixed, cumulative_net, unit_value::double, value_variance::double,
            price_error::double, is_evidence, missing_reason
        from economics_monthly
        where month <= (select max(month) from run_month) -- a look back knows no later month
        order by system_id, month
        """
    ).fetchall():
        found.setdefault(system_id, []).append(Economy(*row))
    return found


def mean_month(months: list[Economy]) -> Month | None:
    """The mean of some months as volume, quality, unit value, error cost and cost (method §7.2).

    Its net is the mean of theirs exactly. None when nothing was decided, or when no error tells
    what quality is worth.
    """
    count, decisions = len(months), sum(month.decisions for month in months)
    priced = [month for month in months if month.unit_value is not None]
    errors = sum(month.decisions - month.right_decisions for month in priced)
    if not decisions or not errors:
        return None
    unit = sum(
        Decimal(str(month.unit_value)) * (month.decisions - month.right_decisions)
        for month in priced
    ) / Decimal(errors)
    quality = Decimal(sum(month.right_decisions for month in months)) / decisions
    each = sum((month.value for month in months), Decimal(0)) / decisions
    cost = sum((month.avoidable for month in months), Decimal(0)) / count
    return Month(Decimal(decisions) / count, quality, unit, unit * quality - each, cost)


def cents(amount: float | Decimal) -> Decimal:
    """Money that was discounted or simulated, rounded once: more digits would say nothing."""
    return Decimal(str(round(float(amount), 2)))


_MONTHS = """
with money as (
    select
        l.belongs_month as month,
        l.system_id,
        sum(l.amount) filter (where l.basis = 'cohort' and l.category = 'direct') as value,
        sum(l.avoidable_amount) filter (where l.side = 'cost' and l.basis = 'accrual') as avoidable,
        sum(l.avoidable_amount) filter (
            where l.side = 'cost' and l.basis = 'accrual' and l.source = 'billing'
        ) as compute,
        sum(l.amount - l.avoidable_amount) filter (
            where l.side = 'cost' and l.basis = 'accrual' and l.source <> 'capex'
        ) as fixed,
        coalesce(sum(l.amount) filter (
            where l.basis = 'cohort' and l.category = 'direct'
                and (coalesce(g.is_incremental, e.month is not null) or k.month is not null)
        ), 0)
        - coalesce(sum(l.amount) filter (where l.side = 'cost' and l.basis = 'cash'), 0) as net
    from ledger_monthly as l
    left join evidence_grade as g on g.system_id = l.system_id
    left join evidence_month as e on e.month = l.belongs_month and e.system_id = l.system_id
    left join gross_loss as k on k.month = l.month and k.system_id = l.system_id
    group by l.belongs_month, l.system_id
),
counted as (
    select month, system_id, sum(acted) as acted, sum(linked) as linked
    from evidence_count group by month, system_id
),
spread as (
    select month, system_id, sum(variance) as variance from value_month group by month, system_id
),
judged as (
    select
        month,
        system_id,
        max_by(model_version, row(decisions, model_version)) as model_version,
        sum(decisions)::bigint as decisions,
        sum(right_decisions)::bigint as right_decisions,
        sum(priced_errors)::bigint as priced_errors,
        sum(errors_worth) as errors_worth
    from version_quality group by month, system_id
)
select
    r.month,
    s.system_id,
    j.model_version,
    coalesce(j.decisions, 0) as decisions,
    coalesce(j.right_decisions, 0) as right_decisions,
    coalesce(j.priced_errors, 0) as priced_errors,
    coalesce(j.errors_worth, 0) as errors_worth,
    coalesce(m.value, 0) as value,
    coalesce(m.avoidable, 0) as avoidable,
    coalesce(m.compute, 0) as compute,
    coalesce(m.fixed, 0) as fixed,
    case when w.is_known then coalesce(
        (select sum(b.net) from money as b where b.system_id = s.system_id and b.month <= r.month),
        0
    ) end as cumulative_net,
    coalesce(p.standard_error, 0)::double as price_error,
    d.maturity::double as maturity,
    coalesce(g.is_incremental, e.evidence_grade is not null) as is_incremental,
    round(coalesce(v.variance, 0), 6)::double as value_variance,
    coalesce(c.acted, 0)::bigint as acted,
    coalesce(c.linked, 0)::bigint as linked,
    (select reporting_currency from setting) as currency
from run_month as r
inner join systems as s on r.month >= date_trunc('month', s.live_on)
left join money as m on m.month = r.month and m.system_id = s.system_id
left join counted as c on c.month = r.month and c.system_id = s.system_id
left join judged as j on j.month = r.month and j.system_id = s.system_id
left join price_error as p on p.month = r.month and p.system_id = s.system_id
left join maturity as d on d.month = r.month and d.system_id = s.system_id
left join spread as v on v.month = r.month and v.system_id = s.system_id
left join evidence_grade as g on g.system_id = s.system_id
left join evidence_month as e on e.month = r.month and e.system_id = s.system_id
left join value_known as w on w.month = r.month and w.system_id = s.system_id
order by s.system_id, r.month
"""
