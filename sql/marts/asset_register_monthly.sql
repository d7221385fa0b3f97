-- An asset at the end of a month: what it cost, what of that is used up, written off or got back, and what is left.
-- grain: month, asset_id
with life as (
    select
        asset_id,
        cast(unnest(generate_series(
            date_trunc('month', least(acquired_on, in_service_on)),
            least(date_trunc('month', coalesce(disposed_on, date '9999-12-01')), (select max(month) from run_month)),
            interval 1 month
        )) as date) as month
    from asset
),

movement as (
    select asset_id, month, kind, amount from depreciation
    union all
    select asset_id, cast(date_trunc('month', document_on) as date), 'spent', amount
    from asset_document
    where kind in ('purchase', 'improvement')
    union all
    select asset_id, cast(date_trunc('month', document_on) as date), 'proceeds', amount
    from asset_document
    where kind in ('proceeds', 'part_proceeds')
),

account as (
    select
        l.asset_id,
        l.month,
        coalesce(sum(m.amount) filter (where m.kind = 'spent'), 0) as additions,
        coalesce(sum(m.amount) filter (where m.kind = 'depreciation'), 0) as depreciation,
        sum(additions) over so_far as cost,
        sum(coalesce(sum(m.amount) filter (where m.kind = 'depreciation'), 0)) over so_far as accumulated_depreciation,
        sum(coalesce(sum(m.amount) filter (where m.kind = 'impairment'), 0)) over so_far as impairments,
        sum(coalesce(sum(m.amount) filter (where m.kind = 'write_off'), 0)) over so_far as write_offs,
        sum(coalesce(sum(m.amount) filter (where m.kind = 'proceeds'), 0)) over so_far as proceeds
    from life as l
    left join movement as m using (asset_id, month)
    group by l.asset_id, l.month
    window so_far as (partition by l.asset_id order by l.month)
)

select
    t.month,
    t.asset_id,
    p.system_id,
    p.allocation_key,
    a.asset_class,
    a.category,
    a.cost_class,
    t.cost,
    t.additions,
    t.depreciation,
    t.accumulated_depreciation,
    t.impairments,
    t.write_offs,
    t.proceeds,
    coalesce(d.book_value, t.cost) as book_value,
    t.cost - t.accumulated_depreciation - t.impairments - t.write_offs - t.proceeds
        - coalesce(d.book_value, t.cost) as difference,
    a.power_kw,
    w.energy_kwh,
    a.accelerators,
    case when a.accelerators > 0 then u.utilisation end as utilisation,
    s.reporting_currency as currency
from account as t
inner join asset as a using (asset_id)
inner join asset_period as p
    on p.asset_id = t.asset_id and t.month + interval 1 month > p.from_on and t.month + interval 1 month <= p.to_on
asof left join (select distinct asset_id, month, book_value from depreciation) as d
    on d.asset_id = t.asset_id and d.month <= t.month
left join (select asset_id, month, sum(kwh) as energy_kwh from asset_power group by asset_id, month) as w
    on w.asset_id = t.asset_id and w.month = t.month
left join accelerator_use as u on u.system_id = p.system_id and u.month = t.month -- of all its owner has
cross join setting as s

/* example
# Bought for 120, used up by 10 a month, sold for 30 in the third: 70 are lost.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-11-01}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-09-20, in_service_on: 2026-09-20, cost: 120, currency: USD, system_id: s, category: accelerators, disposed_on: 2026-11-24, disposal_proceeds: 30}]
  depreciation:
    - {asset_id: gpu, month: 2026-09-01, kind: depreciation, amount: 10, book_value: 110}
    - {asset_id: gpu, month: 2026-10-01, kind: depreciation, amount: 10, book_value: 100}
    - {asset_id: gpu, month: 2026-11-01, kind: write_off, amount: 70, book_value: 0}
expect:
  asset_register_monthly:
    - {month: 2026-09-01, cost: 120, additions: 120, depreciation: 10, accumulated_depreciation: 10, write_offs: 0, proceeds: 0, book_value: 110, difference: 0}
    - {month: 2026-10-01, cost: 120, additions: 0, depreciation: 10, accumulated_depreciation: 20, write_offs: 0, proceeds: 0, book_value: 100, difference: 0}
    - {month: 2026-11-01, cost: 120, additions: 0, depreciation: 0, accumulated_depreciation: 20, write_offs: 70, proceeds: 30, book_value: 0, difference: 0}
*/
