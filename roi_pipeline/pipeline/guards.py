"""What a month cannot be booked with: a count without a price, money without a rate, charges
delivered twice. Each is a table whose rows are refused by name (`-- guard: refuses` in its file);
here is what a person reads of them, and the remedy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.models.table import Table
from roi_pipeline.portfolio import FILE, Portfolio

SHOWN = 10  # rows of a guard that a message names
Row = Mapping[str, Any]
Message = Callable[[Sequence[Row], Portfolio, Mapping[str, Table]], str | None]


def refuse(
    name: str, rows: Sequence[Row], portfolio: Portfolio, tables: Mapping[str, Table]
) -> None:
    """Raise DataRefused where a guard table has rows that this portfolio does not allow."""
    if rows and (message := MESSAGES[name](rows, portfolio, tables)):
        raise DataRefused(message)


def refuse_unnamed_positives(portfolio: Portfolio, tables: Mapping[str, Table]) -> None:
    """Raise ConfigurationError for a system whose scenario must know what counts as positive."""
    missing = [
        f"{portfolio.folder / FILE}: systems.{system.id}.positive: missing; {system.scenario} must "
        f"know it ({meaning}): add positive: {{decision: [...], outcome: [...]}}"
        for system in portfolio.systems
        if (meaning := tables[system.scenario].positive) and system.positive is None
    ]
    if missing:
        raise ConfigurationError("\n".join(missing))


def _late_baseline(rows: Sequence[Row], *_: object) -> str:
    listed = "; ".join(
        f"row {row['row_no']}, {row['metric']} of {row['system_id']}: window_end "
        f"{row['window_end']} is not before the go-live on {row['live_on']}"
        for row in rows[:SHOWN]
    )
    return (
        f"reference/baselines.csv: {listed}: measure the process before the system in a window "
        f"that ends earlier, or correct live_on in {FILE}"
    )


def _uncounted_driver(rows: Sequence[Row], _: Portfolio, tables: Mapping[str, Table]) -> str:
    lines = (
        f"{row['driver']} of {row['system_id']} cannot be counted from {row['first_on']} to "
        f"{row['last_on']}{_needed(tables[row['scenario']])}"
        for row in rows[:SHOWN]
    )
    return "reference: " + "; ".join(lines)


def _needed(scenario: Table) -> str:
    """What the scenario counts with, as a remedy."""
    needs = [f"{need} in baselines.csv" for need in scenario.baseline]
    needs += [f"{need} in terms.csv, in force on these days" for need in scenario.terms]
    return f": {scenario.name} needs {', '.join(needs)}" if needs else ""


def _unpriced_driver(rows: Sequence[Row], *_: object) -> str:
    lines = (
        f"no price for {row['priced_as']} ({row['unit']}) of {row['system_id']} from "
        f"{row['first_on']} to {row['last_on']} (quantity {row['quantity']:f})"
        for row in rows[:SHOWN]
    )
    return (
        f"reference/prices.csv: {'; '.join(lines)}: add a row with a valid_from on or "
        "before the first of these days"
    )


def _unrated_money(rows: Sequence[Row], *_: object) -> str:
    lines = (
        f"no rate for {row['currency']} on or before {row['first_on']}" for row in rows[:SHOWN]
    )
    return (
        f"fx: {'; '.join(dict.fromkeys(lines))}: deliver rates that reach back to these days "
        f"({', '.join(sorted({row['ledger'] for row in rows}))} would not be complete)"
    )


def _double_counted_energy(rows: Sequence[Row], *_: object) -> str:
    named: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        named.setdefault((row["system_id"], row["category"], row["location"] or ""), []).append(row)
    listed = "; ".join(
        f"{category} of {system_id} at {location} from {min(r['month'] for r in found):%Y-%m} is "
        f"also entry {min(found, key=lambda r: r['month'])['entry_id']} of operating_costs"
        for (system_id, category, location), found in [*named.items()][:SHOWN]
    )
    return (
        f"reference/facilities.csv: {listed}: leave the price of the location empty from that day "
        "on (the invoice counts, the kilowatt-hours stay in the register), or give the entry the "
        "location it is for"
    )


def _duplicate_bill(
    rows: Sequence[Row], portfolio: Portfolio, _: Mapping[str, Table]
) -> str | None:
    """The same ten or more charges in two files, or one account's month from two sources, would be
    paid twice, unless a source says that it holds a part. Fewer equal charges of one source can be
    alike by chance."""
    parts = {source.id for source in portfolio.sources if source.holds_part}
    lines = [*_duplicates(rows, parts)][:SHOWN]
    return "billing: " + "; ".join(lines) if lines else None


def _duplicates(rows: Iterable[Row], parts: set[str]) -> Iterable[str]:
    for row in rows:
        money = f"{row['billing_month']:%Y-%m} ({row['billed_cost']:,.2f} {row['currency']})"
        sources = {row["source_id"], row["other_source_id"]}
        if row["is_identical"] and row["rows"] >= 10:
            yield (
                f"{row['path']} and {row['other_path']} hold the same charges of {money}: remove "
                "one file and its source, or set mechanism: overwrite, so that the newer one "
                "replaces the older"
            )
        elif len(sources) > 1 and not sources & parts:
            yield (
                f"{row['path']} ({row['source_id']}) and {row['other_path']} "
                f"({row['other_source_id']}) both bill account {row['account']} for {money}: "
                "remove one source, or, if each holds other charges, write holds_part: true for "
                f"{row['other_source_id']} in portfolio.yaml"
            )


MESSAGES: Mapping[str, Message] = {
    "late_baseline": _late_baseline,
    "uncounted_driver": _uncounted_driver,
    "unpriced_driver": _unpriced_driver,
    "unrated_money": _unrated_money,
    "double_counted_energy": _double_counted_energy,
    "duplicate_bill": _duplicate_bill,
}
