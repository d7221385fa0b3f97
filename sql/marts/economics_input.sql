-- What is known of a system in a month in service: volume, quality, value, cost, and how sure each of them is.
-- grain: month, system_id
-- build: view
with money as ( -- once, though it is read twice
    select month, system_id, value, avoidable, compute, fixed, net
    from economics_money
),

counted as (
    select month, system_id, sum(acted) as acted, sum(linked) as linked
    from evidence_count
    group by month, system_id
),

spread as (
    select month, system_id, sum(variance) as variance
    from value_month
    group by month, system_id
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
    from version_quality
    group by month, system_id
)

select
    r.month,
    s.system_id,
    j.model_version, -- the one that decided most
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
    coalesce(p.standard_error, 0) as price_error,
    d.maturity,
    coalesce(g.is_incremental, e.evidence_grade is not null) as is_incremental,
    round(coalesce(v.variance, 0), 6) as value_variance,
    coalesce(c.acted, 0)::bigint as acted,
    coalesce(c.linked, 0)::bigint as linked
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

/* example
# In service since October: nine of ten right by v2, one by v1; 50 in October and 8 in November net, since a baseline is known.
given:
  run_month: [{month: 2026-09-01}, {month: 2026-10-01}, {month: 2026-11-01}]
  systems: [{system_id: s, scenario: x, invested_on: 2026-09-01, live_on: 2026-10-04}]
  evidence_grade: [{system_id: s, evidence_grade: C, is_incremental: true}]
  version_quality:
    - {month: 2026-10-01, system_id: s, model_version: v1, decisions: 1, right_decisions: 1, priced_errors: 0, errors_worth: 0}
    - {month: 2026-10-01, system_id: s, model_version: v2, decisions: 9, right_decisions: 8, priced_errors: 1, errors_worth: 12}
  value_month: [{month: 2026-10-01, system_id: s, variance: 4}, {month: 2026-10-01, system_id: s, variance: 5}]
  evidence_count: [{month: 2026-10-01, system_id: s, acted: 12, linked: 10}]
  maturity: [{month: 2026-10-01, system_id: s, maturity: 0.9}]
  economics_money:
    - {month: 2026-10-01, system_id: s, value: 90, avoidable: 40, compute: 30, fixed: 5, net: 50}
    - {month: 2026-11-01, system_id: s, value: 10, avoidable: 2, compute: 2, fixed: 0, net: 8}
expect:
  economics_input:
    - {month: 2026-10-01, system_id: s, model_version: v2, decisions: 10, right_decisions: 9, priced_errors: 1, errors_worth: 12, value: 90, compute: 30, cumulative_net: 50, maturity: 0.9, is_incremental: true, value_variance: 9, acted: 12, linked: 10}
    - {month: 2026-11-01, system_id: s, model_version: null, decisions: 0, right_decisions: 0, priced_errors: 0, errors_worth: 0, value: 10, compute: 2, cumulative_net: 58, maturity: null, is_incremental: true, value_variance: 0, acted: 0, linked: 0}
*/
