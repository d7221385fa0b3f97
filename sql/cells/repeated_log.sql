-- The delivered rows of the few predictions that were delivered, or observed, more than once.
-- grain: delivery_id, row_no
-- kept: small, and read by all that decide which version counts
with repeated as (
    select prediction_id
    from repeated_prediction
    union
    select prediction_id
    from repeated_outcome
)

select
    l.prediction_id,
    l.predicted_at,
    l.horizon_at,
    l.day,
    l.system_id,
    l.model_version,
    l.delivery_id,
    l.row_no
from prediction_log as l
semi join repeated as r on l.prediction_id = r.prediction_id
