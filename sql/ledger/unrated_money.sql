-- Money in a currency for which no rate is known on its day, by the ledger table that cannot be booked.
-- grain: ledger, currency
-- guard: refuses
with unrated as (
    select
        'value_priced' as ledger,
        currency,
        day as document_on
    from value_priced
    where open_cell_id is null and rate is null and unit_price is not null
    union all
    select
        'ledger_value',
        stated_currency,
        month
    from indirect_value
    where stated_amount is not null and amount is null
    union all
    select
        'ledger_cost',
        currency,
        document_on
    from charge
    where rate is null
    union all
    select
        'ledger_cost',
        currency,
        document_on
    from entry
    where amount is null
    union all
    select
        'ledger_cost',
        currency,
        document_on
    from asset_document
    where amount is null
    union all
    select
        'ledger_cost',
        currency,
        document_on
    from computed_cost
    where amount is null
)

select
    ledger,
    currency,
    min(document_on) as first_on
from unrated
where ledger <> 'ledger_cost' or exists (select 1 from ledger_cost as l where l.amount is null)
group by ledger, currency

/* example
# A price in euros without a rate; costs all have one.
given:
  value_priced:
    - {cell_id: c1, driver: stopped, currency: EUR, day: 2026-10-02, unit_price: 5}
    - {cell_id: c2, driver: stopped, currency: USD, day: 2026-10-02, unit_price: 5, rate: 1}
expect:
  unrated_money: [{ledger: value_priced, currency: EUR, first_on: 2026-10-02}]
*/
