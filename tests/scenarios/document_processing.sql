-- Documents read by the system and pages a clerk had to type after all, less the pages typed before.
-- grain: cell_id, driver
-- positive: the decision takes what was read; the outcome is a document read right
-- baseline: pages_per_document
with document as (
    select *
    from value_cell
    where scenario = 'document_processing' and outcome_type = 'primary'
)

select
    cell_id,
    'page_typed' as driver,
    'page_typed' as priced_as,
    'page' as unit,
    'case' as measure,
    cast(3 as decimal(18, 9)) as factor,
    'direct' as category
from document
where not is_positive_decision or not is_positive_outcome
union all
select
    d.cell_id,
    'baseline_page_typed',
    'page_typed',
    'page',
    'case',
    -b.value,
    'direct'
from document as d
inner join baseline_in_force as b on b.system_id = d.system_id and b.metric = 'pages_per_document'

/* example
# Ten documents of 4 pages were typed before; 8 are read right, for 2 a clerk types 3 pages. At 0.50.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: document_processing, positive_decisions: [take], positive_outcomes: [right]}]
  baselines: [{system_id: s, version: v1, metric: pages_per_document, value: 4, unit: pages, window_end: 2025-12-31}]
  prices: [{system_id: s, driver: page_typed, unit: page, unit_price: -0.5, currency: USD, valid_from: 2026-01-01}]
  outcome_cells:
    - {cell_id: read, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: take, link: linked, outcome_type: primary, outcome: right, cases: 8}
    - {cell_id: wrong, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: take, link: linked, outcome_type: primary, outcome: wrong, cases: 2}
expect:
  value_priced:
    - {cell_id: wrong, driver: page_typed, quantity: 6, amount: -3}
    - {cell_id: wrong, driver: baseline_page_typed, quantity: -8, amount: 4}
    - {cell_id: read, driver: baseline_page_typed, quantity: -32, amount: 16}
*/
