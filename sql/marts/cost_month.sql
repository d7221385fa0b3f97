-- What a system used up in a month: all of it, what varies with use, and what its bills charge for tokens.
-- grain: month, system_id
-- build: view
select
    month,
    system_id,
    sum(amount) as cost_accrual,
    coalesce(sum(avoidable_amount) filter (where source = 'billing'), 0) as variable_cost, -- billed by use
    coalesce(sum(amount) filter (where meter = 'input'), 0) as input_token_cost,
    coalesce(sum(consumed_quantity) filter (where meter = 'input'), 0) as input_tokens_billed,
    coalesce(sum(amount) filter (where meter = 'cached'), 0) as cached_token_cost,
    coalesce(sum(consumed_quantity) filter (where meter = 'cached'), 0) as cached_tokens_billed,
    coalesce(sum(amount) filter (where meter = 'cache_write'), 0) as cache_write_token_cost,
    coalesce(sum(consumed_quantity) filter (where meter = 'cache_write'), 0) as cache_write_tokens_billed,
    coalesce(sum(amount) filter (where meter = 'output'), 0) as output_token_cost,
    coalesce(sum(consumed_quantity) filter (where meter = 'output'), 0) as output_tokens_billed,
    coalesce(sum(amount) filter (where meter = 'cached_output'), 0) as cached_output_token_cost,
    coalesce(sum(consumed_quantity) filter (where meter = 'cached_output'), 0) as cached_output_tokens_billed,
    coalesce(sum(amount) filter (where meter = 'reasoning'), 0) as reasoning_token_cost,
    coalesce(sum(consumed_quantity) filter (where meter = 'reasoning'), 0) as reasoning_tokens_billed
from ledger_monthly
where side = 'cost' and basis = 'accrual'
group by month, system_id

/* example
# 30 for two million tokens and 8 for a million written to a cache, 100 for a licence: 38 vary with use.
given:
  ledger_monthly:
    - {month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: billing, driver: cloud/tokens/input, meter: input, amount: 30, avoidable_amount: 30, consumed_quantity: 2000000, consumed_unit: tokens}
    - {month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: billing, driver: cloud/tokens/cache_write, meter: cache_write, amount: 8, avoidable_amount: 8, consumed_quantity: 1000000, consumed_unit: tokens}
    - {month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: operating_costs, driver: invoice/licences, amount: 100, avoidable_amount: 100}
    - {month: 2026-10-01, system_id: s, side: cost, basis: cash, source: operating_costs, driver: invoice/licences, amount: 900, avoidable_amount: 900}
expect:
  cost_month: [{month: 2026-10-01, system_id: s, cost_accrual: 138, variable_cost: 38, input_token_cost: 30, input_tokens_billed: 2000000, cache_write_token_cost: 8, cache_write_tokens_billed: 1000000, output_token_cost: 0}]
*/
