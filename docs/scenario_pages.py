"""The page about scenarios: what each counts, from its file's header and worked example."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from roi_pipeline.models import registry
from roi_pipeline.models.sql_models import package_folder
from roi_pipeline.models.table import Need, Table
from roi_pipeline.portfolio import SCENARIOS

INTRO = """
A scenario says what a system's decisions are worth: one file in `sql/value/`, which reads cells
and names, for each, the driver that counts. Prices (`reference/prices.csv`), the process before
(`reference/baselines.csv`) and agreed shares (`reference/terms.csv`) are dated rows; a price is
the one in force on the day of the prediction. Value is what changed against the process before:
a line `baseline_<driver>` stands beside each driver, at the same price. Prices are signed: what
costs money is negative.

A metric marked * is needed: without it the whole value is **gross**, and no return is claimed
from it. A driver that is counted and has no price stops the run, and so does a missing term.
Baseline windows end before `live_on`; later ones are refused. "Positive" is what `positive` in
portfolio.yaml says. Types are `outcome_type` in the outcome log, numbers its `quantity` or
`amount`: minutes, hours, litres and kilometres exactly as the price's unit says, since nothing
converts them.
"""

MORE = """
## Counted elsewhere, or by another measure

An escape rate of 0.4 % of all **units** is not one of 0.4 % of the **defects**: on 50,000 units
a day the same two rates are 1,400 escapes or 70. The unit of the row says which; any other unit
stops the run.

Redeployment, training and quality staff that are invoiced belong in `operating_costs`, data that
no longer crosses a network is a cost saved in the bills: never in value as well.

## Measuring the process before

```
roi-pipeline baseline old_process.csv --portfolio acme --system claim-triage --at decided_on \\
  --mean hours_per_decision=hours:hours --rate error_rate=was_wrong --per-day decisions_per_day
```

prints rows for baselines.csv with cases, standard error and window; `--write` adds them. A rate
among some of the cases is `--rate recall=stopped/fraud`.

## A scenario of your own

Put `sql/value/document_processing.sql` in the portfolio's folder and name it in portfolio.yaml.
The first line says what a row means, the second is `-- grain: cell_id, driver`; then, as needed,
`-- positive: …`, `-- baseline: metric (unit or unit), metric` and `-- terms: term`; a line
`-- driver: name (unit): what it counts` is for whoever reads the file. The query
reads `value_cell`, `baseline_in_force` and `term_in_force`, and gives `cell_id, driver,
priced_as, unit, measure (case, amount, outcome_amount, outcome_quantity), factor, category`. A
closing `/* example … */` gives rows and says what must come out; `roi-pipeline doctor` runs it
and hints, row by row, at what differs. `tests/scenarios/document_processing.sql` is one to copy.

The file holds exactly one SELECT, over the tables and with the functions that are listed in
`roi_pipeline/own_sql.py` (`TABLES`, `FUNCTIONS`: those that compute from their arguments alone).
Files, settings, clocks and all other tables are refused by name, by `doctor` and by a run, and the
example runs in a database that reaches no file. Its rows are plain YAML: names of tables and
columns, values, no aliases.

## Outcomes that several systems had a hand in

Give the outcome rows of one real outcome (a deal, a customer kept) the same `shared_key`. Each
decision counts what it counts by itself; of what is gained by one outcome the most is counted
once over all systems, and of what is lost. What is taken from a system is its driver
`shared_outcomes`, so that lines still add up. Whose the outcome is says `shared_outcomes` in
portfolio.yaml:

- `first_touch` (unless you say otherwise): whoever acted first; the next have what they added.
Later decisions never change an earlier month.
- `equal`: all who acted, in equal parts.
- `shapley`: what each added on average over all orders of acting.

A system that acted twice on one outcome counts it once. Within a shared key, outcomes of
different `outcome_type` are different things and add up. Who counts 100,000 and 80,000 of a
deal, of which 50,000 are the same, is worth 130,000 together: 100,000 and 30,000, 65,000 each,
or 75,000 and 55,000. Bounds look at open decisions as if nobody else will have had a hand in
them.

## How sure a value is

`standard_error` and the bounds of a return come from the spread of single decisions. Where
decisions of a day stand or fall together (a campaign, an outage, one fraud ring), that is too
sure: say `cluster_by: day` for the system in portfolio.yaml, and days are the units. In 300
simulated months of 30 days with good and bad days, intervals of single decisions held the true
value in fewer than 80 %, intervals by day in 92 to 97 %. A month with one day has no error by
day and keeps the other. A row of a sampled log (`weight` above 1) counts as one observation, not
as the decisions it stands for.

## What is believed, not counted

`reference/indirect_values.csv`: a monthly amount with currency, method, owner and a confidence
between 0 and 1, or no amount, to be listed and not taken for zero. The ledger carries confidence
× amount as `indirect`; `with_indirect_roi` stands beside the return, and no status moves.
"""


def page(note: str) -> str:
    """Every scenario that ships, then what holds for all of them."""
    found = registry.load()
    parts = ["# Scenarios\n", note, INTRO]
    parts += [_section(found[name]) for name in SCENARIOS]
    return "".join([*parts, MORE])


def _section(model: Table) -> str:
    header = (package_folder("sql") / "value" / f"{model.name}.sql").read_text("utf-8")
    drivers = re.findall(r"^-- driver: (\S+) \((.+?)\): (.+)$", header, flags=re.MULTILINE)
    metrics = re.findall(r"^-- metric: (.+)$", header, flags=re.MULTILINE)
    case = yaml.safe_load(model.example or "")
    _refuse_unnamed(model.name, {name for name, *_ in drivers}, case)
    parts = [f"\n## {model.name}\n{model.row}\n"]
    if model.positive:
        parts.append(f"\nPositive: {model.positive}.\n")
    parts.append("\n| driver | unit | counts |\n|---|---|---|\n")
    parts += [f"| `{name}` | {unit} | {counts} |\n" for name, unit, counts in drivers]
    needed = [f"`{need.name}`*" + _units(need) for need in model.baseline]
    before = [*needed, *metrics] or ["any metric"]
    parts.append(f"\nThe process before, in baselines.csv: {'; '.join(before)}.\n")
    if model.terms:
        parts.append(f"Terms: {', '.join(f'`{need.name}`' for need in model.terms)}.\n")
    return "".join([*parts, _worked(model.example or "", case)])


def _units(need: Need) -> str:
    return f" ({' or '.join(need.units)})" if need.units else ""


def _worked(example: str, case: Mapping[str, Any]) -> str:
    """The example's own words, and what it comes to by driver."""
    told = " ".join(
        line.removeprefix("# ") for line in example.splitlines() if line.startswith("# ")
    )
    totals: dict[str, list[Decimal]] = {}
    for row in case["expect"]["value_priced"]:
        sums = totals.setdefault(row["driver"], [Decimal(0), Decimal(0)])
        sums[0] += Decimal(str(row["quantity"])) if "quantity" in row else 0
        sums[1] += Decimal(str(row["amount"]))
    amounts = ", ".join(f"`{name}` {amount:,f}" for name, (_, amount) in totals.items())
    whole = sum((amount for _, amount in totals.values()), Decimal(0))
    return f"\nWorked example: {told}\nBy driver: {amounts}; together {whole:,f}.\n"


def _refuse_unnamed(scenario: str, named: set[str], case: Mapping[str, Any]) -> None:
    """Raises SystemExit for a driver of the example that no header line speaks of."""
    counted = {row["driver"].removeprefix("baseline_") for row in case["expect"]["value_priced"]}
    if not {name for name in counted if "/" not in name} <= named:
        raise SystemExit(f"sql/value/{scenario}.sql: name {counted - named} in a `-- driver:` line")
