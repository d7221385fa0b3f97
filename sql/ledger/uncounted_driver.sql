-- A driver that a scenario could not count: something it counts with is not in force, or has another unit.
-- grain: driver, system_id
-- guard: refuses
select
    v.driver,
    v.system_id,
    s.scenario,
    min(v.day) as first_on,
    max(v.day) as last_on
from value_priced as v
inner join systems as s using (system_id)
where v.open_cell_id is null and v.factor is null
group by v.driver, v.system_id, s.scenario

/* example
given:
  systems: [{system_id: a, scenario: quality_control}]
  value_priced:
    - {cell_id: c1, driver: escapes, system_id: a, day: 2026-10-02, factor: 0.5}
    - {cell_id: c2, driver: rejects, system_id: a, day: 2026-10-03}
    - {cell_id: c3, driver: rejects, system_id: a, day: 2026-10-09}
expect:
  uncounted_driver: [{driver: rejects, system_id: a, scenario: quality_control, first_on: 2026-10-03, last_on: 2026-10-09}]
*/
