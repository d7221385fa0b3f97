-- Whether the value of a month is measured against a baseline, a holdout or a release, and whether that since the investment is known; `portfolio` is all systems.
-- grain: month, system_id
-- computed: once
-- build: view
with counted as (
    select
        m.month,
        s.system_id,
        coalesce(g.is_incremental, e.month is not null) as is_counted,
        coalesce(m.month >= date_trunc('month', s.live_on), false) or a.gross_value is not null as is_live
    from run_month as m
    inner join systems as s on m.month >= date_trunc('month', s.invested_on)
    left join evidence_grade as g on g.system_id = s.system_id
    left join evidence_month as e on e.month = m.month and e.system_id = s.system_id
    left join ledger_total as a on a.month = m.month and a.system_id = s.system_id
),

known as ( -- before a system is live its value is 0; a gain of months before the first measured one is left out
    select
        month,
        system_id,
        is_counted or not is_live as is_measured,
        bool_or(is_counted and is_live) over past or not bool_or(is_live and not is_counted) over past as is_known
    from counted
    window past as (partition by system_id order by month rows between unbounded preceding and current row)
)

select
    month,
    coalesce(system_id, 'portfolio') as system_id,
    bool_and(is_measured) as is_measured,
    bool_and(is_known) as is_known
from known
group by grouping sets ((month, system_id), (month))

/* example
# a is measured since October by a holdout; in September, when it was live already, nothing was held out.
given:
  run_month: [{month: 2026-08-01}, {month: 2026-09-01}, {month: 2026-10-01}]
  systems: [{system_id: a, invested_on: 2026-08-01, live_on: 2026-09-01}]
  evidence_month: [{month: 2026-10-01, system_id: a, evidence_grade: A}]
expect:
  value_known:
    - {month: 2026-08-01, system_id: a, is_measured: true, is_known: true}
    - {month: 2026-09-01, system_id: a, is_measured: false, is_known: false}
    - {month: 2026-10-01, system_id: a, is_measured: true, is_known: true}
    - {month: 2026-08-01, system_id: portfolio, is_measured: true, is_known: true}
    - {month: 2026-09-01, system_id: portfolio, is_measured: false, is_known: false}
    - {month: 2026-10-01, system_id: portfolio, is_measured: true, is_known: true}
*/
