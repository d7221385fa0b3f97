-- What the outcomes that the same systems had a hand in would be worth, had only some of them acted: each outcome once.
-- grain: company, members
with asked as (
    select
        shared_key,
        unnest(range(1, 1 << len(company)::integer)) as members
    from shared_company
),

part as ( -- of what is gained the most counts once, and of what is lost
    select
        a.members,
        a.shared_key,
        greatest(max(c.claim), 0) + least(min(c.claim), 0) as worth
    from asked as a
    inner join shared_member as n on n.shared_key = a.shared_key and n.bit & a.members > 0
    inner join shared_claim as c on c.shared_key = n.shared_key and c.system_id = n.system_id and c.turn = 1
    group by a.members, a.shared_key, c.outcome_type
),

outcome as (
    select members, shared_key, sum(worth) as worth
    from part
    group by members, shared_key
)

select
    k.company,
    o.members,
    count(*) as outcomes,
    sum(o.worth) as worth
from outcome as o
inner join shared_company as k using (shared_key)
group by k.company, o.members

/* example
# Of two deals both were called by a and then mailed by b: one of 500 that each counts whole, one of which
# a counts 100 and b 80. Had only b (the second bit) acted, 580; both together, 600. A deal of a's alone is not
# shared.
given:
  shared_claim:
    - {shared_key: d1, outcome_type: primary, system_id: a, month: 2026-10-01, touched_at: 2026-10-02 00:00:00, claim: 500, turn: 1}
    - {shared_key: d1, outcome_type: primary, system_id: b, month: 2026-10-01, touched_at: 2026-10-03 00:00:00, claim: 500, turn: 1}
    - {shared_key: d2, outcome_type: primary, system_id: a, month: 2026-10-01, touched_at: 2026-10-02 00:00:00, claim: 100, turn: 1}
    - {shared_key: d2, outcome_type: primary, system_id: b, month: 2026-10-01, touched_at: 2026-10-03 00:00:00, claim: 80, turn: 1}
    - {shared_key: d3, outcome_type: primary, system_id: a, month: 2026-10-01, touched_at: 2026-10-03 00:00:00, claim: 7, turn: 1}
expect:
  shared_worth:
    - {members: 1, outcomes: 2, worth: 600}
    - {members: 2, outcomes: 2, worth: 580}
    - {members: 3, outcomes: 2, worth: 600}
*/
