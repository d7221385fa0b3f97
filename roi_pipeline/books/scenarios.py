"""What a scenario needs of the portfolio that uses it, and what is refused when it is not there.

A scenario file says in its header what it takes for positive, which metrics of baselines.csv and
which terms of terms.csv it counts with. Prices are the ledger's business.
"""

from collections.abc import Mapping

import duckdb

from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.models import Model
from roi_pipeline.portfolio import FILE, Portfolio
from roi_pipeline.warehouse import rows


def refuse_unnamed_positives(portfolio: Portfolio, models: Mapping[str, Model]) -> None:
    """Raises ConfigurationError for a system whose scenario must know what counts as positive."""
    missing = [
        f"{portfolio.folder / FILE}: systems.{system.id}.positive: missing; {system.scenario} must "
        f"know it ({meaning}): add positive: {{decision: [...], outcome: [...]}}"
        for system in portfolio.systems
        if (meaning := models[system.scenario].positive) and system.positive is None
    ]
    if missing:
        raise ConfigurationError("\n".join(missing))


def refuse_late_windows(con: duckdb.DuckDBPyConnection) -> None:
    """Raises DataRefused for baselines measured while the system ran: they hold what it did.

    Method §2.1: the window ends before go-live.
    """
    late = rows(
        con,
        """
        select b.row_no, b.system_id, b.metric, b.window_end, s.live_on
        from baselines as b inner join systems as s using (system_id)
        where b.window_end >= s.live_on order by all
        """,
    )
    if late:
        told = "; ".join(
            f"row {row}, {metric} of {system}: window_end {end} is not before the go-live on {live}"
            for row, system, metric, end, live in late
        )
        raise DataRefused(
            f"reference/baselines.csv: {told}: measure the process before the system in a window "
            f"that ends earlier, or correct live_on in {FILE}"
        )


def refuse_uncounted(con: duckdb.DuckDBPyConnection, models: Mapping[str, Model]) -> None:
    """Raises DataRefused, naming driver, system and days, where a scenario could not say how much a
    cell counts: something it counts with is not in force, or is told in another unit."""
    lines = [
        f"{driver} of {system} cannot be counted from {first} to {last}{_made_with(models[name])}"
        for driver, system, name, first, last in rows(
            con,
            """
            select v.driver, system_id, s.scenario, min(v.day), max(v.day)
            from value_priced as v inner join systems as s using (system_id)
            where v.open_cell_id is null and v.factor is null
            group by all order by all limit 10
            """,
        )
    ]
    if lines:
        raise DataRefused("reference: " + "; ".join(lines))


def _made_with(scenario: Model) -> str:
    """What the scenario counts with, as a remedy."""
    needs = [f"{need} in baselines.csv" for need in scenario.baseline]
    needs += [f"{need} in terms.csv, in force on these days" for need in scenario.terms]
    return f": {scenario.name} needs {', '.join(needs)}" if needs else ""
