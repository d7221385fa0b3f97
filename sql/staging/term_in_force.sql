-- A contract term of a system and the days it rules; of two from one day, the later version.
-- grain: system_id, term, valid_from
with latest as (
    select
        system_id,
        term,
        value,
        valid_from
    from terms
    qualify row_number() over (partition by system_id, term, valid_from order by version desc) = 1
)

select
    system_id,
    term,
    value,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by system_id, term order by valid_from) - 1, date '9999-12-31'
    ) as valid_to
from latest

/* example
given:
  terms:
    - {system_id: s, term: capacity_release_share, value: "0.5", valid_from: 2026-01-01, version: "1"}
    - {system_id: s, term: capacity_release_share, value: "0.8", valid_from: 2026-08-01, version: "1"}
    - {system_id: s, term: capacity_release_share, value: "0.9", valid_from: 2026-08-01, version: "2"}
expect:
  term_in_force:
    - {term: capacity_release_share, value: "0.5", valid_from: 2026-01-01, valid_to: 2026-07-31}
    - {term: capacity_release_share, value: "0.9", valid_from: 2026-08-01, valid_to: 9999-12-31}
*/
