-- Those who had a hand in an outcome that more than one system counts, the first to act first.
-- grain: shared_key
select
    shared_key,
    list({'place': place, 'came': came} order by bit) as company
from shared_member
group by shared_key
having count(*) > 1

/* example
# d2 is the outcome of one system alone.
given:
  shared_claim:
    - {shared_key: d1, outcome_type: primary, system_id: a, touched_at: 2026-10-02 00:00:00, claim: 500, turn: 1}
    - {shared_key: d1, outcome_type: primary, system_id: b, touched_at: 2026-10-03 00:00:00, claim: 500, turn: 1}
    - {shared_key: d2, outcome_type: primary, system_id: a, touched_at: 2026-10-03 00:00:00, claim: 500, turn: 1}
expect:
  shared_company: [{shared_key: d1}]
*/
