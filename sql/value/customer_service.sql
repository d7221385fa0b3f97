-- Contacts that people had to take, and wrong answers, less the contacts people would have taken to settle the same issues.
-- grain: cell_id, driver
-- part of: value_lines
-- positive: the decision answers the contact without a person; the outcome is settled at this contact
-- baseline: first_contact_resolution
-- terms: capacity_release_share
-- driver: human_contact (case): contacts not answered by the system, times the term `capacity_release_share`
-- driver: assistant_contact (case): every contact, only if it has a price: where no bill says what the assistant costs
-- driver: answer_checked (case): outcomes of type `quality_check`
-- driver: wrong_answer (case): outcomes of type `error`
-- metric: a settled issue took 1 / `first_contact_resolution` contacts
with contact as (
    select
        c.*,
        try_cast(t.value as decimal(9, 6)) as released -- saved time is money only where capacity is let go
    from value_cell as c
    left join term_in_force as t
        on t.system_id = c.system_id
        and t.term = 'capacity_release_share'
        and c.day between t.valid_from and t.valid_to
    where c.scenario = 'customer_service' and c.decision <> 'none'
),

line as ( -- method §2.4: every settled contact is an issue, which took 1 / FCR contacts before
    select cell_id, 'human_contact' as driver, released as factor, null as baseline_metric
    from contact where outcome_type = 'primary' and not is_positive_decision
    union all
    select c.cell_id, 'baseline_human_contact', -cast(c.released / nullif(b.value, 0) as decimal(18, 9)), b.metric
    from contact as c
    inner join baseline_in_force as b on b.system_id = c.system_id and b.metric = 'first_contact_resolution'
    where c.outcome_type = 'primary' and c.is_positive_outcome
    union all
    select cell_id, 'assistant_contact', 1, null
    from contact semi join ( -- only where no bill says what the assistant costs
        select system_id from prices where driver = 'assistant_contact'
    ) as p using (system_id)
    where outcome_type = 'primary'
    union all
    select cell_id, 'answer_checked', 1, null
    from contact where outcome_type = 'quality_check'
    union all
    select cell_id, 'wrong_answer', 1, null
    from contact where outcome_type = 'error'
)

select
    cell_id,
    driver,
    replace(driver, 'baseline_', '') as priced_as,
    'case' as unit,
    'case' as measure,
    cast(factor as decimal(18, 9)) as factor,
    'direct' as category,
    baseline_metric
from line

/* example
# W17 in small: 72 + 28 contacts, of which 35 are answered by the assistant and 78 settle the issue. At
# 72 % before, the same 78 issues took 78 / 0.72 = 108.333 contacts of people at 6.50; now people take 65.
# Half of the capacity is let go until July, all of it from August: the cells lie on either side.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: customer_service, positive_decisions: [answer], positive_outcomes: [settled]}]
  baselines: [{system_id: s, version: v1, metric: first_contact_resolution, value: 0.72, unit: fraction, window_end: 2025-12-31}]
  terms:
    - {system_id: s, term: capacity_release_share, value: "0.5", valid_from: 2026-01-01, version: "1"}
    - {system_id: s, term: capacity_release_share, value: "1", valid_from: 2026-08-01, version: "2"}
  prices:
    - {system_id: s, driver: human_contact, unit: case, unit_price: -6.5, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: assistant_contact, unit: case, unit_price: -0.45, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: answer_checked, unit: case, unit_price: -4, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: wrong_answer, unit: case, unit_price: -30, currency: USD, valid_from: 2026-01-01}
  outcome_cells:
    - {cell_id: people, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: handoff, link: linked, outcome_type: primary, outcome: settled, cases: 50.7}
    - {cell_id: people-again, month: 2026-07-01, day: 2026-07-31, system_id: s, status: ok, decision: handoff, link: linked, outcome_type: primary, outcome: repeated, cases: 14.3}
    - {cell_id: alone, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: answer, link: linked, outcome_type: primary, outcome: settled, cases: 27.3}
    - {cell_id: checked, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: answer, link: linked, outcome_type: quality_check, outcome: right, cases: 0.7}
    - {cell_id: wrong, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: answer, link: linked, outcome_type: error, outcome: refunded, cases: 0.525}
expect:
  value_priced:
    - {cell_id: people, driver: human_contact, quantity: 50.7, amount: -329.55}
    - {cell_id: people, driver: baseline_human_contact, quantity: -70.416666672, amount: 457.708333368}
    - {cell_id: people, driver: assistant_contact, quantity: 50.7, amount: -22.815}
    - {cell_id: people-again, driver: human_contact, quantity: 7.15, amount: -46.475}
    - {cell_id: people-again, driver: assistant_contact, quantity: 14.3, amount: -6.435}
    - {cell_id: alone, driver: baseline_human_contact, quantity: -37.916666670, amount: 246.458333355}
    - {cell_id: alone, driver: assistant_contact, quantity: 27.3, amount: -12.285}
    - {cell_id: checked, driver: answer_checked, quantity: 0.7, amount: -2.8}
    - {cell_id: wrong, driver: wrong_answer, quantity: 0.525, amount: -15.75}
*/
