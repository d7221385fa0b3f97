-- A question that a status put to people, with what was decided by whom; or a decision of their own accord.
-- grain: review_id
with decided as ( -- of several decisions on one question the last stands
    select
        r.system_id,
        r.row_no,
        r.kind,
        r.decided_on,
        r.decision,
        r.decided_by,
        r.rationale,
        o.month as opened_month
    from reviews as r
    cross join run_scope as c
    left join review_opened as o -- a miss answers no open question
        on o.system_id = r.system_id
        and date_trunc('month', r.decided_on) > o.month
        and date_trunc('month', r.decided_on) <= coalesce(o.ended_month, date '9999-12-01')
    where r.decided_on < c.as_of_on
    qualify o.month is null or row_number() over (
        partition by r.system_id, o.month order by r.decided_on desc, r.row_no desc
    ) = 1
)

select
    o.system_id || '/' || o.kind || '/' || o.opened_on as review_id,
    o.system_id,
    o.kind,
    case
        when d.decision is not null then 'decided'
        when o.ended_by_rule like '%_to_healthy' then 'lifted'
        when o.ended_by_rule is not null then 'superseded'
        else 'open'
    end as state,
    d.decision is null and o.ended_month is null and o.due_on < c.as_of_on as is_overdue,
    o.month,
    o.opened_on,
    o.opened_by_rule,
    o.evidence_months,
    o.recommended_action,
    o.due_on,
    d.decided_on,
    d.decision,
    d.decided_by,
    d.rationale,
    o.ended_month,
    o.ended_by_rule
from review_opened as o
cross join run_scope as c
left join decided as d on d.system_id = o.system_id and d.opened_month = o.month -- a miss is undecided
union all
select
    system_id || '/' || kind || '/' || decided_on || '/' || row_no,
    system_id,
    kind,
    'recorded',
    false,
    cast(date_trunc('month', decided_on) as date),
    decided_on,
    null,
    null,
    null,
    null,
    decided_on,
    decision,
    decided_by,
    rationale,
    null,
    null
from decided
where opened_month is null

/* example
# Opened on 1 September, first retrained, then continued; a yearly look in January answered nothing.
given:
  run_scope: [{as_of_on: 2026-11-01}]
  review_opened: [{system_id: s, month: 2026-08-01, kind: maintain_or_replace, opened_on: 2026-09-01, due_on: 2026-10-01, opened_by_rule: healthy_to_marginal}]
  reviews:
    - {system_id: s, decided_on: 2026-01-10, kind: scheduled, decision: continue, decided_by: board, rationale: fine, row_no: 1}
    - {system_id: s, decided_on: 2026-09-10, kind: maintain_or_replace, decision: retrain, decided_by: board, rationale: worn, row_no: 2}
    - {system_id: s, decided_on: 2026-09-20, kind: maintain_or_replace, decision: continue, decided_by: board, rationale: mended, row_no: 3}
    - {system_id: s, decided_on: 2026-12-01, kind: maintain_or_replace, decision: replace, decided_by: board, rationale: not known yet, row_no: 4}
expect:
  status_reviews:
    - {review_id: s/maintain_or_replace/2026-09-01, state: decided, is_overdue: false, due_on: 2026-10-01, decision: continue, decided_on: 2026-09-20}
    - {review_id: s/scheduled/2026-01-10/1, state: recorded, is_overdue: false, due_on: null, decision: continue, decided_on: 2026-01-10}
*/
