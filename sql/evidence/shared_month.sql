-- How many decisions of a system in a month had a hand in outcomes that other systems may count as well.
-- grain: month, system_id
select
    month,
    system_id,
    cast(sum(predictions) as bigint) as predictions
from shared_cells
group by month, system_id

/* example
# One call and two mails of an instant for the same deal.
given:
  shared_cells:
    - {day: 2026-10-02, month: 2026-10-01, system_id: a, shared_key: d7, predictions: 1}
    - {day: 2026-10-03, month: 2026-10-01, system_id: b, shared_key: d7, predictions: 2}
expect:
  shared_month:
    - {month: 2026-10-01, system_id: a, predictions: 1}
    - {month: 2026-10-01, system_id: b, predictions: 2}
*/
