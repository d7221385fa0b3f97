-- One version of a system's model: seen in the log, or registered in model_versions.csv.
-- grain: system_id, model_version
with seen as (
    select
        system_id,
        model_version,
        min(day) as first_predicted_on,
        max(day) as last_predicted_on
    from outcome_cells
    semi join run_month using (month)
    group by system_id, model_version
)

select
    system_id,
    model_version,
    r.deployed_on,
    r.retired_on,
    r.rollback_possible,
    r.metric_at_launch,
    s.first_predicted_on,
    s.last_predicted_on
from seen as s
full join model_versions as r using (system_id, model_version)

/* example
# v2 is registered but has not served yet.
given:
  run_month: [{month: 2026-10-01}]
  outcome_cells: [{month: 2026-10-01, system_id: s, model_version: v1, day: 2026-10-02}, {month: 2026-10-01, system_id: s, model_version: v1, day: 2026-10-05}]
  model_versions: [{system_id: s, model_version: v2, deployed_on: 2026-11-01}]
expect:
  dim_model_version:
    - {system_id: s, model_version: v1, deployed_on: null, first_predicted_on: 2026-10-02, last_predicted_on: 2026-10-05}
    - {system_id: s, model_version: v2, deployed_on: 2026-11-01, first_predicted_on: null, last_predicted_on: null}
*/
