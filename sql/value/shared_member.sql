-- A system among those who had a hand in one outcome: where it first did, and who came before it.
-- grain: shared_key, system_id
with member as (
    select
        shared_key,
        system_id,
        min(touched_at) as touched_at,
        arg_min(
            {
                'month': month, 'observed_month': observed_month, 'system_id': system_id,
                'model_version': model_version, 'serving_mode': serving_mode
            },
            (touched_at, outcome_type)
        ) as place
    from shared_claim
    where turn = 1
    group by shared_key, system_id
)

select
    *,
    1 << cast(row_number() over (partition by shared_key order by touched_at, system_id) - 1 as integer) as bit,
    rank() over (partition by shared_key order by touched_at) as came
from member

/* example
# c and b acted at the same instant, after a: they have the second and third bit, and both came second.
given:
  shared_claim:
    - {shared_key: d1, outcome_type: primary, system_id: c, month: 2026-11-01, touched_at: 2026-11-03 00:00:00, claim: 500, turn: 1}
    - {shared_key: d1, outcome_type: primary, system_id: a, month: 2026-10-01, touched_at: 2026-10-02 00:00:00, claim: 500, turn: 1}
    - {shared_key: d1, outcome_type: primary, system_id: a, month: 2026-11-01, touched_at: 2026-11-02 00:00:00, claim: 500, turn: 2}
    - {shared_key: d1, outcome_type: primary, system_id: b, month: 2026-11-01, touched_at: 2026-11-03 00:00:00, claim: 500, turn: 1}
expect:
  shared_member:
    - {system_id: a, touched_at: 2026-10-02 00:00:00, bit: 1, came: 1}
    - {system_id: b, touched_at: 2026-11-03 00:00:00, bit: 2, came: 2}
    - {system_id: c, touched_at: 2026-11-03 00:00:00, bit: 4, came: 2}
*/
