"""Write the reference pages from models, contracts and log shapes; `--check` only compares.

python docs/generate.py [--check]
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import bill_pages  # noqa: E402
import scenario_pages  # noqa: E402

from roi_pipeline import workbench  # noqa: E402
from roi_pipeline.ingest.contracts import CONTRACTS  # noqa: E402
from roi_pipeline.ingest.events import SHAPES  # noqa: E402
from roi_pipeline.models.columns import formulas, meaning, meanings  # noqa: E402
from roi_pipeline.models.table import Table  # noqa: E402
from roi_pipeline.portfolio import formats_of  # noqa: E402
from roi_pipeline.suites import suites  # noqa: E402

LAYERS = {
    "marts": "Marts: what is published",
    "views": "Views that marts read",
    "ledger": "Ledger: quantity × unit price = amount",
    "value": "Scenarios: which cell counts for which driver",
    "evidence": "Evidence: what is known of a month",
    "cost": "Cost lines: one file a ledger",
    "staging": "Staging: names, rates, shares",
    "cells": "Cells: the one heavy step",
}
SAID = {
    "system_id": '"=support-assistant"',
    "decision": '"=answered"',
    "model_version": '"=v3"',
}
LOGS = """
Logs that serving platforms write need no reshaping: name their format. Events are counted before
they are read, and a batch becomes one prediction an instance, `id/0`, `id/1`, … What no log knows,
above all the decision, is stated under `columns`: a constant (`=answered`; `=none` when nothing
acted on the prediction) or any key of the log. A person's id is read only where `entity_id` is
mapped to it, and then hashed. Prompts and answers are never kept, nor can they be mapped. What is
sampled carries a weight: `weight: "=20"` where one call in twenty is captured. Times without a zone
are UTC unless the source names a `time_zone`. JSON lines (up to 8 MB a line), CSV and Parquet are
read alike; a million events take about a minute of one core.

Any other log is a `table`: `columns` names its columns. One without ids can use the place of a row,
`prediction_id: "=file:row"`; it stays the same when the file is sent again under its name. A file
whose last line has no line end needs a manifest with its sha256, or it counts as cut.
"""
PUBLISHED = {  # tables that only an edition has: a row, the key, the columns
    "check_results": (
        "A check of a table over some months: whether it held, and how many rows did not.",
        ("table_name", "check_name", "month_first", "month_last"),
        {
            **{"table_name": "varchar", "check_name": "varchar", "severity": "varchar"},
            **{"passed": "boolean", "observed": "varchar", "failing": "bigint", "rows": "bigint"},
            **{"error": "varchar", "description": "varchar"},
            **{"month_first": "date", "month_last": "date"},
        },
    ),
    "publication": (
        "The edition: what it was computed from and when it was published.",
        ("edition",),
        {
            **{"edition": "varchar", "code_version": "varchar", "inputs_sha256": "varchar"},
            **{"as_of": "timestamp", "published_at": "timestamp with time zone"},
            **{"month_first": "date", "month_last": "date"},
        },
    ),
}
NOTE = "<!-- written by docs/generate.py; edit the models and contracts, not this file -->\n"


def _section(model: Table) -> str:
    return "views" if model.layer == "marts" and not model.is_published else model.layer


def tables() -> str:
    """Every model: what a row means, its key, its columns, and how many checks guard it."""
    con, models = workbench.empty()
    workbench.open_books(con, models)
    guarded = {name: len(suite.checks) for name, suite in suites().items()}
    parts = ["# Tables\n", NOTE]
    for layer, title in LAYERS.items():
        parts.append(f"\n## {title}\n")
        for model in sorted(models.values(), key=lambda each: each.name):
            if _section(model) != layer or model.name.endswith("_lines"):
                continue
            parts.append(f"\n### {model.name}\n{model.row}\n\n")
            parts.append(f"Key: {', '.join(f'`{column}`' for column in model.grain)}.")
            if checks := guarded.get(model.name):
                parts.append(f" {checks} checks.")
            parts.append("\n")
            if model.is_published:
                parts.append(_columns(con.execute(f"describe marts.{model.name}").fetchall()))
        if layer == "marts":
            parts += [_table(name, *described) for name, described in PUBLISHED.items()]
    return "".join(parts)


def inputs() -> str:
    """Every contract: columns, types, what a row must keep."""
    parts = ["# Inputs\n", NOTE]
    for contract in CONTRACTS.values():
        parts.append(f"\n## {contract.dataset}\n")
        if contract.key:
            parts.append(f"Key: {', '.join(f'`{column}`' for column in contract.key)}.\n")
        parts.append("\n| column | type | required | note |\n|---|---|---|---|\n")
        for column in contract.columns:
            notes = [column.rule.name] if column.rule else []
            notes += [f"default {column.default}"] if column.default is not None else []
            notes += ["hashed with $ROI_PII_KEY"] if column.pii else []
            parts.append(
                f"| `{column.name}` | {column.type} | {'yes' if column.required else ''} "
                f"| {'; '.join(notes)} |\n"
            )
        if contract.rules:
            parts.append("\nRows are quarantined when: ")
            parts.append("; ".join(rule.name for rule in contract.rules) + ".\n")
    return "".join(parts)


def columns() -> str:
    """Every column of the marts with its meaning; SystemExit naming what has none, or no use."""
    con, models = workbench.empty()
    workbench.open_books(con, models)
    shapes = {name: set(columns) for name, (_, _, columns) in PUBLISHED.items()}
    for model in models.values():
        if model.is_published:
            described = con.execute(f"describe marts.{model.name}").fetchall()
            shapes[model.name] = {column for column, *_ in described}
    places = {(column, table) for table, shape in shapes.items() for column in shape}
    nameless = sorted(f"{t}.{c}" for c, t in places if meaning(c, t) is None)
    used = {column for column, _ in places} | {f"{table}.{column}" for column, table in places}
    unused = sorted(set(meanings()) - used)
    computed = {(c, t) for t, known in formulas().items() for c in known if c != "*"}
    unused += sorted(f"{t}.{c}" for c, t in computed - places)
    if nameless or unused:
        lacks = f"no meaning for {', '.join(nameless)}; " if nameless else ""
        extra = f"no column {', '.join(unused)}; " if unused else ""
        sys.exit(f"{lacks}{extra}edit roi_pipeline/models/columns.yml")
    own = {(c, t) for c, t in places if f"{t}.{c}" in meanings()}
    told = {(c, f" ({t})"): meaning(c, t) for c, t in own}
    told |= {(c, ""): meaning(c, t) for c, t in places - own}
    lines = [f"| `{name}`{where} | {text} |\n" for (name, where), text in sorted(told.items())]
    head = ["# Columns\n", NOTE, "\n| column | meaning |\n|---|---|\n"]
    return "".join([*head, *lines, "\n## Formulas\n", *_formulas()])


def _formulas() -> Iterator[str]:
    """How columns are computed, a table at a time; `explain` computes them again."""
    for table, known in sorted(formulas().items()):
        yield f"\n### {table}\n\n| column | formula | method |\n|---|---|---|\n"
        for column, said in known.items():
            name = "every other column" if column == "*" else f"`{column}`"
            yield f"| {name} | {said['formula']} | {said['method']} |\n"


def logs() -> str:
    """Every shape of logs: what it is, what it fills, what the portfolio must say."""
    parts = ["# Logs of predictions and outcomes\n", NOTE, LOGS]
    for shape in SHAPES.values():
        dataset = "outcomes" if shape.format in formats_of("outcomes") else "predictions"
        required = [column.name for column in CONTRACTS[dataset].columns if column.required]
        module = sys.modules[f"roi_pipeline.ingest.events.{shape.format}"]
        told = (module.__doc__ or "").strip()
        said = [f"{name}: {SAID[name]}" for name in required if name not in shape.gives]
        signs = " or ".join(" + ".join(f"`{key}`" for key in sorted(sign)) for sign in shape.signs)
        parts.append(f"\n## {shape.format}\n{told}\n\nKnown by the keys {signs}.\n")
        parts.append(f"Fills {', '.join(f'`{name}`' for name in shape.gives)}.\n")
        parts.append(f"\n```yaml\n  - dataset: {dataset}\n    path: inbox/{dataset}/*\n")
        mapped = f"    columns: {{{', '.join(said)}}}\n" if said else ""
        parts.append(f"    format: {shape.format}\n{mapped}```\n")
    return "".join(parts)


def _table(name: str, row: str, key: tuple[str, ...], columns: Mapping[str, str]) -> str:
    """A table that no SQL model makes: what a row means, its key, its columns and their types."""
    named = ", ".join(f"`{column}`" for column in key)
    return f"\n### {name}\n{row}\n\nKey: {named}.\n" + _columns(list(columns.items()))


def _columns(shape: list[tuple[str, ...]]) -> str:
    return "\n" + ", ".join(f"`{name}` {kind.lower()}" for name, kind, *_ in shape) + ".\n"


def _sql_type(kind: object) -> str:
    name = str(kind)
    names = {"String": "varchar", "Float64": "decimal(28,6)", "Int64": "bigint", "Date": "date"}
    return names.get(name, name.lower().replace("precision=", "").replace("scale=", ""))


def main() -> int:
    """Write the files, or say which are stale."""
    stale = 0
    written = {
        "tables.md": tables(),
        "inputs.md": inputs(),
        "logs.md": logs(),
        "columns.md": columns(),
        "scenarios.md": scenario_pages.page(NOTE),
    }
    for name, text in (written | bill_pages.pages()).items():
        file = ROOT / "docs" / name
        if "--check" in sys.argv:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                print(f"docs/{name} is stale: run python docs/generate.py", file=sys.stderr)
                stale = 1
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
