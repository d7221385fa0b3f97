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
