-- What a system returned by how well its value is known: each grade's own value, and the return if only that grade and better count.
-- grain: month, system_id, evidence_grade
with graded as (
    select
        month,
        coalesce(system_id, 'portfolio') as system_id,
        evidence_grade,
        sum(v.amount) as value
    from value_attribution_monthly as v
    left join gross_loss as k using (month, system_id)
    where v.view = 'cohort' and v.category = 'direct' and (v.is_incremental or k.amount is not null)
    group by grouping sets ((month, system_id, evidence_grade), (month, evidence_grade))
),

so_far as (
    select
        r.month,
        r.system_id,
        g.evidence_grade,
        coalesce(v.value, 0) as value,
        sum(coalesce(v.value, 0)) over (
            partition by r.system_id, g.evidence_grade order by r.month
        ) as cumulative_value,
        r.cumulative_value as cumulative_value_all_grades,
        r.cumulative_tco_cash,
        r.cumulative_tco_cash <= 0 or r.roi_cumulative_cash is not null as is_known,
        r.currency
    from roi_monthly as r
    inner join (select distinct system_id, evidence_grade from graded) as g using (system_id)
    left join graded as v using (month, system_id, evidence_grade) -- a miss brought nothing that month
    where r.month in (select month from run_month)
),

ranked as ( -- A is better than D
    select
        *,
        sum(cumulative_value) over (
            partition by month, system_id order by evidence_grade
        ) as cumulative_value_or_better
    from so_far
)

select
    month,
    system_id,
    evidence_grade,
    value,
    cumulative_value,
    cumulative_value_or_better,
    cumulative_value_all_grades,
    cumulative_tco_cash,
    cast(cumulative_value_or_better / nullif(cumulative_value_all_grades, 0) as decimal(18, 6)) as share_or_better,
    cast(
        case
            when is_known and cumulative_tco_cash > 0
                then (cumulative_value_or_better - cumulative_tco_cash) / cumulative_tco_cash
        end as decimal(28, 6)
    ) as roi_cumulative_cash_or_better,
    case when cumulative_tco_cash <= 0 then 'no_cost' when not is_known then 'no_baseline' end as missing_reason,
    currency
from ranked

/* example
# Of 150 earned on 100 paid, 60 is known from a holdout and 90 from before and after.
given:
  run_month: [{month: 2026-10-01}]
  roi_monthly: [{month: 2026-10-01, system_id: s, value: 150, cumulative_value: 150, cumulative_tco_cash: 100, roi_cumulative_cash: 0.5, currency: USD}]
  value_attribution_monthly:
    - {month: 2026-10-01, system_id: s, view: cohort, category: direct, is_incremental: true, evidence_grade: A, amount: 60}
    - {month: 2026-10-01, system_id: s, view: cohort, category: direct, is_incremental: true, evidence_grade: C, amount: 90}
    - {month: 2026-10-01, system_id: s, view: recognised, category: direct, is_incremental: true, evidence_grade: C, amount: 7}
expect:
  roi_by_grade_monthly:
    - {evidence_grade: A, value: 60, cumulative_value_or_better: 60, share_or_better: 0.4, roi_cumulative_cash_or_better: -0.4}
    - {evidence_grade: C, value: 90, cumulative_value_or_better: 150, share_or_better: 1, roi_cumulative_cash_or_better: 0.5}
*/
