"""Register, events, rates, tariffs and an edge fleet as files, through a whole run and back."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from runner import books, run, said
from small_company import put, small_company

from roi_pipeline.cli import main
from roi_pipeline.domain.spreading import cents

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
REGISTER = """\
asset_id,acquired_on,in_service_on,cost,currency,life_months,system_id,power_kw,location,disposed_on,\
disposal_proceeds,macrs_years,method,life_units,usage_unit
srv-1,2026-01-10,2026-01-10,3600,USD,36,card-fraud,10,fra1,,,5,,,
srv-2,2026-01-10,2026-01-10,1000,EUR,10,card-fraud,,,2026-03-20,300,,,,
srv-3,2026-01-10,2026-01-10,500,USD,10,line-check,,,,,,units_of_production,1000,predictions
"""
EVENTS = """\
asset_id,event_on,kind,amount,proceeds,to_system_id
srv-1,2026-02-10,transfer,0,,line-check
srv-1,2026-02-01,improvement,350,,
srv-2,2026-03-01,partial_disposal,100,50,
"""
RATES = """\
on,currency,rate,base
2026-01-02,USD,1.1,EUR
2026-02-02,USD,1.2,EUR
2026-03-02,USD,1.3,EUR
"""
TARIFF = """\
location,pue,energy_price_per_kwh,facility_price_per_kw_month,currency,valid_from,valid_to,source_document
fra1,1.2,0.20,150,EUR,2026-02-01,,contract
"""
FLEET = """\
system_id,devices,central_gb_per_device_day,edge_gb_per_device_day,update_gb_per_device_month,\
price_per_gb,currency,valid_from,valid_to,source_document
line-check,2000,1.2,0.03,0.2,0.08,USD,2026-02-01,,plan
"""


@pytest.mark.slow
def test_hardware_from_its_files_to_the_board_and_back(tmp_path: Path) -> None:
    folder = small_company(tmp_path / "acme")
    yaml = folder / "portfolio.yaml"
    sources = (
        "sources:\n- {dataset: asset_events, path: inbox/events/*}\n"
        "- {dataset: fx, path: inbox/fx/*}"
    )
    zone = "reporting_currency: USD\ntime_zone: Europe/Berlin"
    text = yaml.read_text().replace("reporting_currency: USD", zone)
    yaml.write_text(text.replace("sources:", sources))
    put(folder, "capex/register.csv", REGISTER)
    put(folder, "events/2026.csv", EVENTS)
    put(folder, "fx/2026.csv", RATES)
    (folder / "reference" / "facilities.csv").write_text(TARIFF)
    (folder / "reference" / "edge_fleets.csv").write_text(FLEET)
    run(folder, MARCH)
    with books(folder, MARCH) as opened:
        register = said(
            opened,
            "select asset_id, system_id, cost, book_value, energy_kwh, difference "
            "from marts.asset_register_monthly where month = '2026-03-01' order by 1",
        )
        assert register == [
            ("srv-1", "line-check", 3950, 3630, 743 * 12, 0),  # 31 days, one of 23 hours
            ("srv-2", "card-fraud", 1100, 0, None, 0),
            ("srv-3", "line-check", 500, 410, None, 0),
        ]
        paid = said(
            opened,
            "select driver, sum(amount) from marts.ledger_monthly where basis = 'cash' "
            "and month >= '2026-02-01' and source <> 'billing' and driver not like 'invoice/%' "
            "group by 1 order by 1",
        )
        assert paid == [
            (
                "computed/energy",
                cents(Decimal("1612.8") * Decimal("1.2") + Decimal("1783.2") * Decimal("1.3")),
            ),
            ("computed/facilities", 1500 * Decimal("1.2") + 1500 * Decimal("1.3")),
            ("computed/network_avoided", Decimal("-10980.8")),
            ("disposal/hardware", -450),
            ("improvement/hardware", 350),
            ("transfer/hardware", 0),
        ]
        assert said(opened, "select sum(abs(difference)) from marts.reconciliation_monthly") == [
            (0,)
        ]
        tax = said(opened, "select tax_year, sum(amount) from marts.asset_tax_yearly group by 1")
        assert tax == [(2026, 720 + 70)]
    asked = ["explain", "tco_monthly", "2026-03", "line-check", "--portfolio", str(folder)]
    told = CliRunner().invoke(main, asked)
    assert (told.exit_code, "reference/facilities.csv row 1" in told.output) == (0, True)
    assert "numbers add up" in told.output
