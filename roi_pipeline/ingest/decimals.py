"""Whether the numbers of a text file can be read in one way only: `1.234` may be a thousand.

A point is a decimal sign or one between thousands. Where every number of a column that has one has
exactly three digits behind it, nothing in the file says which; one value such as `12.5`, `0.125` or
`1234.567` does. Knows text and columns; what a source declares goes before.
"""

import re

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.casting import decimal_of
from roi_pipeline.ingest.columns import TEXT, Column
from roi_pipeline.ingest.judging import Job

_MACHINE_MADE = ("weight", "compute_seconds")  # no person and no spreadsheet writes them
_THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")  # ISO 4217: dinars, rials
_NUMBER = r"[+-]?[0-9.]*[0-9][0-9.]*([eE][+-]?[0-9]+)?"
_GROUPED = r"[+-]?[1-9][0-9]{0,2}([.][0-9]{3})+"


def refuse_ambiguous(con: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Raises DataRefused for a column of money or quantities in which every point has exactly three
    digits behind it. The columns of a bill, which one program writes, speak for each other."""
    columns = [
        (column, name)
        for column in job.contract.columns
        if decimal_of(column.type) and column.name not in _MACHINE_MADE
        for name in _texts(job, column)
    ]
    groups = [columns] if job.contract.dataset == "billing" else [[one] for one in columns]
    for group in groups:
        for column, name in group:
            if any(_says_which(con, job, other) for _, other in group):
                break
            if _is_ambiguous(con, job, name):
                raise DataRefused(_message(job, column))


def _texts(job: Job, column: Column) -> list[str]:
    """The columns of the file, as SQL calls them, that hold text which becomes this column."""
    cell = job.layout.cells.get(column.name)
    used = re.findall(r"\bc\d+\b", cell.sql) if cell else []
    types = dict(zip(job.table.names, job.table.types, strict=True))
    return [name for name in dict.fromkeys(used) if types.get(name) == TEXT]


def _says_which(con: duckdb.DuckDBPyConnection, job: Job, name: str) -> bool:
    """Whether a number of the column has a point that cannot stand between thousands; where one is
    there it is usually among the first rows, so this reads little."""
    bare = _bare(name)
    found = con.execute(
        f"select true from {job.table.sql} where contains({name}, '.') "  # noqa: S608
        f"and regexp_full_match({bare}, '{_NUMBER}') "
        f"and not regexp_full_match({bare}, '{_GROUPED}') limit 1",
        job.table.parameters,
    )
    return found.fetchone() is not None


def _is_ambiguous(con: duckdb.DuckDBPyConnection, job: Job, name: str) -> bool:
    """Whether the column has grouped numbers; a currency of three decimals writes them everywhere,
    so there a number without a point is what makes them ambiguous."""
    bare, currency = _bare(name), _currency(job)
    dinars = ", ".join(f"'{code}'" for code in _THREE_DECIMALS)
    is_dinar = f"coalesce({currency} in ({dinars}), false)"
    ((others, in_dinars, whole_dinars),) = con.execute(
        f"""select
            count(*) filter (is_grouped and not is_dinar),
            count(*) filter (is_grouped and is_dinar),
            count(*) filter (is_whole and is_dinar)
        from (
            select {is_dinar} as is_dinar,
                regexp_full_match({bare}, '{_GROUPED}') as is_grouped,
                regexp_full_match({bare}, '[+-]?[0-9]*[1-9][0-9]*') as is_whole
            from {job.table.sql}
        )""",  # noqa: S608
        {**job.table.parameters, **_constant(job)},
    ).fetchall()
    return bool(others or (in_dinars and whole_dinars))


def _bare(name: str) -> str:
    return rf"regexp_replace({name}, '[\s$]', '', 'g')"


def _currency(job: Job) -> str:
    """SQL of a row's currency, or null where the file and its source name none."""
    for column in ("currency", "billing_currency"):
        if cell := job.layout.cells.get(column):
            return f"({cell.sql})::varchar"
    return "null::varchar"


def _constant(job: Job) -> dict[str, object]:
    currency = _currency(job)
    return {
        f"constant_{name}": value
        for name, value in job.layout.constants.items()
        if f"$constant_{name})" in currency
    }


def _message(job: Job, column: Column) -> str:
    places = [job.table.names.index(name) + 1 for name in _texts(job, column)]
    return (
        f"{job.name}: {column.name} (column {', '.join(map(str, places))}): every point has "
        "exactly three digits behind it, so that 1.234 may be a thousand: write numbers without "
        "signs between thousands (1234, or 1.2340 for little more than one), or, where a point is "
        f'the decimal sign, say so: dialect: {{decimal: "."}} for source {job.source_id} in '
        "portfolio.yaml"
    )
