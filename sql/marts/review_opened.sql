-- A question that the status of a system puts to people: what it is about, since when, until when, and what ended it.
-- grain: system_id, month
-- build: view
with turn as ( -- changes of the operating state; the next one ends what the last one opened
    select
        month,
        system_id,
        to_operating_state,
        rule_id,
        evidence_months,
        recommended_action,
        cast(month + interval 1 month as date) as month_after,
        lead(month) over (partition by system_id order by month) as ended_month,
        lead(rule_id) over (partition by system_id order by month) as ended_by_rule
    from status_transitions
    semi join run_month using (month)
    where rule_id = 'hard_stop' or from_operating_state <> to_operating_state
),

stop as (
    select
        system_id,
        date_trunc('month', decided_on) as month,
        min(decided_on) as declared_on
    from reviews
    where kind = 'hard_stop'
    group by system_id, date_trunc('month', decided_on)
),

agreed as ( -- days until a review is due
    select
        t.system_id,
        t.month,
        max_by(try_cast(d.value as integer), d.valid_from) as due_days
    from turn as t
    inner join terms as d
        on d.term = 'review_due_days' and d.system_id = t.system_id and d.valid_from < t.month_after
    group by t.system_id, t.month
)

select
    t.system_id,
    t.month,
    if(t.to_operating_state = 'marginal', 'maintain_or_replace', 'decommissioning') as kind,
    if(t.rule_id = 'hard_stop', coalesce(s.declared_on, t.month_after), t.month_after) as opened_on,
    if(t.rule_id = 'hard_stop', coalesce(s.declared_on, t.month_after), t.month_after)
    + coalesce(a.due_days, 30) as due_on,
    t.rule_id as opened_by_rule,
    t.evidence_months,
    t.recommended_action,
    t.ended_month,
    t.ended_by_rule
from turn as t
left join stop as s using (system_id, month) -- a miss was opened by the numbers
left join agreed as a using (system_id, month) -- a miss has the method's 30 days
where t.to_operating_state <> 'healthy'

/* example
# Marginal after August, due in 45 days; negative after October, which ends the first question.
given:
  run_month: [{month: 2026-08-01}, {month: 2026-10-01}]
  terms: [{system_id: s, term: review_due_days, value: 45, valid_from: 2026-01-01}, {system_id: s, term: review_due_days, value: 30, valid_from: 2026-10-01}]
  status_transitions:
    - {month: 2026-08-01, system_id: s, from_operating_state: healthy, to_operating_state: marginal, rule_id: healthy_to_marginal}
    - {month: 2026-10-01, system_id: s, from_operating_state: marginal, to_operating_state: negative, rule_id: marginal_to_negative}
expect:
  review_opened:
    - {system_id: s, month: 2026-08-01, kind: maintain_or_replace, opened_on: 2026-09-01, due_on: 2026-10-16, ended_month: 2026-10-01, ended_by_rule: marginal_to_negative}
    - {system_id: s, month: 2026-10-01, kind: decommissioning, opened_on: 2026-11-01, due_on: 2026-12-01, ended_month: null, ended_by_rule: null}
*/
