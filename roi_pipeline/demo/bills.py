"""The monthly FOCUS 1.2 bills of the demo's two providers, with their manifests.

nimbus sells compute, storage and commitments; lingua sells tokens. Writes what `costs` and `plan`
say; draws nothing.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from roi_pipeline.demo import costs, plan
from roi_pipeline.demo.files import csv_bytes, instant, write, write_manifest

Line = dict[str, object]
COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart"),
    *("CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName"),
    *("CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit"),
    *("ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName"),
    *("ListCost", "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "RegionId", "ResourceId", "ResourceName"),
    *("ServiceCategory", "ServiceName", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId"),
    *("SubAccountId", "SubAccountName", "Tags"),
)
_ACCOUNTS = {"nimbus": "004211009377", "lingua": "org-demo"}
_RESTATED = date(2025, 9, 1)  # lingua's first bill of this month counted output tokens twice


def write_bills(folder: Path) -> None:
    """Both providers' bills for every month, and the one that was delivered again."""
    for month in plan.MONTHS:
        _deliver(folder, "nimbus", month, list(_nimbus(month)), f"{month:%Y-%m}")
        lines = list(_lingua(month, output_counted=2 if month == _RESTATED else 1))
        _deliver(folder, "lingua", month, lines, f"{month:%Y-%m}")
        if month == _RESTATED:
            again = list(_lingua(month, output_counted=1))
            _deliver(folder, "lingua", month, again, f"{month:%Y-%m}-restated", days_later=33)


def _deliver(
    folder: Path, provider: str, month: date, lines: list[Line], name: str, days_later: int = 1
) -> None:
    """A bill is written on the second day of the next month; nothing is billed, nothing comes."""
    if not lines:
        return
    file = folder / "inbox" / "billing" / provider / f"{name}.csv.gz"
    at = instant(_next(month) + timedelta(days=days_later), hour=6)
    common = _common(provider, month)
    complete = [common | line for line in lines]
    rows = [[line.get(column) for column in COLUMNS] for line in complete]
    write(file, csv_bytes(COLUMNS, rows), at)
    total = sum((Decimal(str(line["BilledCost"])) for line in complete), Decimal(0))
    write_manifest(file, len(rows), total, at)


def _common(provider: str, month: date) -> Line:
    return {
        "BillingAccountId": _ACCOUNTS[provider],
        "BillingAccountName": "Demo company",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _instant(month),
        "BillingPeriodEnd": _instant(_next(month)),
        "ChargeFrequency": "Usage-Based",
        "InvoiceId": f"{provider[:3].upper()}-{month:%Y%m}",
        "InvoiceIssuerName": provider,
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "ProviderName": provider,
        "PublisherName": provider,
        "SubAccountId": "0007",
        "SubAccountName": "production",
    }


def _nimbus(month: date) -> Iterator[Line]:
    for day in _days(month):
        for charge in costs.DAILY:
            if charge.runs_in(month):
                yield _usage(charge, day)
        if day >= costs.COMMITMENT_STARTS[0]:
            yield from _commitment(day)
    if month in costs.COMMITMENT_STARTS:
        yield _purchase(month)
    yield from _single("nimbus", month)


def _usage(charge: costs.Daily, day: date) -> Line:
    return {
        **_charged(day, charge.amount, charge.key),
        "ChargeDescription": f"{charge.service_name} {charge.resource}",
        "ConsumedQuantity": 24,
        "ConsumedUnit": "Hours",
        "PricingQuantity": 24,
        "PricingUnit": "Hours",
        "RegionId": "eu-central-1",
        "ResourceId": f"nrn:{charge.resource}",
        "ResourceName": charge.resource,
        "ServiceCategory": charge.service_category,
        "ServiceName": charge.service_name,
        "SkuId": charge.resource.upper(),
        "SkuMeter": "Hours",
    }


def _commitment(day: date) -> Iterator[Line]:
    """What the commitment of the year covers that day, and what of it lies idle."""
    for status, amount in (
        ("Used", costs.COMMITMENT_USED_DAILY),
        ("Unused", costs.COMMITMENT_UNUSED_DAILY),
    ):
        yield {
            **_charged(day, amount, costs.COMMITMENT_KEY),
            **_discount(max(start for start in costs.COMMITMENT_STARTS if start <= day)),
            "BilledCost": Decimal(0),
            "ListCost": amount if status == "Used" else Decimal(0),
            "ContractedCost": amount if status == "Used" else Decimal(0),
            "ChargeDescription": f"GPU commitment, {status.lower()}",
            "CommitmentDiscountStatus": status,
            "PricingCategory": "Committed",
            "ResourceId": "nrn:gpu-batch" if status == "Used" else None,
        }


def _purchase(month: date) -> Line:
    return {
        **_charged(month, costs.COMMITMENT_PRICE, costs.COMMITMENT_KEY),
        **_discount(month),
        "EffectiveCost": Decimal(0),
        "ChargeCategory": "Purchase",
        "ChargeDescription": "GPU commitment for one year, paid at once",
        "ChargeFrequency": "One-Time",
        "PricingCategory": "Committed",
    }


def _discount(start: date) -> Line:
    return {
        "CommitmentDiscountCategory": "Spend",
        "CommitmentDiscountId": f"commitment-{start:%Y-%m}",
        "CommitmentDiscountName": "GPU plan",
        "CommitmentDiscountType": "Savings Plan",
        "ServiceCategory": "Compute",
        "ServiceName": "GPU Instances",
        "SkuId": "GPU-PLAN",
    }


def _single(provider: str, month: date) -> Iterator[Line]:
    for charge in costs.once():
        if charge.provider != provider or charge.billed_in != month:
            continue
        end = charge.charged_on + timedelta(days=1) if charge.is_correction else _next(month)
        is_usage = charge.category == "Usage"
        yield {
            **_charged(charge.charged_on, charge.amount, charge.key),
            "ChargePeriodEnd": _instant(end),
            "ChargeCategory": charge.category,
            "ChargeClass": "Correction" if charge.is_correction else None,
            "ChargeDescription": charge.description,
            "ChargeFrequency": "Usage-Based" if is_usage else "Recurring",
            "ServiceCategory": "Compute" if is_usage else "Other",
            "ServiceName": "GPU Instances" if is_usage else "Account",
        }


def _lingua(month: date, output_counted: int) -> Iterator[Line]:
    if month < costs.SANDBOX_SINCE:
        return
    for position, day in enumerate(_days(month)):
        yield {
            **_charged(day, costs.SANDBOX_DAILY, plan.UNALLOCATED),
            "ChargeDescription": "Sandbox workspace",
            "ServiceCategory": "AI and Machine Learning",
            "ServiceName": "Sandbox",
        }
        for meter, used in daily_tokens(month, position).items():
            yield _token_line(
                day, month, meter, used * (output_counted if meter == "output" else 1)
            )
    yield from _single("lingua", month)


def _token_line(day: date, month: date, meter: str, used: int) -> Line:
    price, millions = plan.token_price(meter, month), Decimal(used) / 1_000_000
    return {
        **_charged(day, millions * price, plan.SUPPORT),
        "ChargeDescription": f"lingua-large, {meter} tokens",
        "ConsumedQuantity": used,
        "ConsumedUnit": "Tokens",
        "ContractedUnitPrice": price,
        "ListUnitPrice": price,
        "PricingQuantity": millions,
        "PricingUnit": "1M Tokens",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Language models",
        "SkuId": f"lingua-large-{meter}",
        "SkuMeter": f"{meter.capitalize()} Tokens",
        "SkuPriceDetails": json.dumps({"Model": "lingua-large", "TokenType": meter}),
    }


def daily_tokens(month: date, position: int) -> Mapping[str, int]:
    """Tokens by meter on one day: the month's contacts come evenly, so days take equal slices."""
    cohort = plan.cohort(plan.SUPPORT, month)
    if cohort is None:
        return {}
    k, days = plan.age(plan.SUPPORT, month), costs.days_in(month)
    first, beyond = (cohort.answered * p // days for p in (position, position + 1))
    return {
        meter: plan.total_tokens(meter, k, beyond) - plan.total_tokens(meter, k, first)
        for meter in plan.METERS
    }


def _charged(day: date, amount: Decimal, key: str) -> Line:
    tags = {"cluster": key} if key in costs.SHARES else {"system": key}
    return {
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), amount),
        "ChargeCategory": "Usage",
        "ChargePeriodStart": _instant(day),
        "ChargePeriodEnd": _instant(day + timedelta(days=1)),
        "Tags": None if key == plan.UNALLOCATED else json.dumps(tags),
    }


def _days(month: date) -> list[date]:
    return [month + timedelta(days=number) for number in range(costs.days_in(month))]


def _next(month: date) -> date:
    return month + timedelta(days=costs.days_in(month))


def _instant(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
