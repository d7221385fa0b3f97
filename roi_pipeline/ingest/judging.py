"""The query that reads one file: values as sent, values as typed, the first fault of each row.

Builds SQL from contracts and layouts and binds every value of a user; runs nothing.
"""

import hashlib
import os
from dataclasses import dataclass

import duckdb

from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.ingest import casting
from roi_pipeline.ingest.columns import DAY, INSTANT, LABEL, MAX_LABEL, TEXT, Column, Contract
from roi_pipeline.ingest.layout import Cell, Layout, Table

PII_KEY = "ROI_PII_KEY"
_BLOCK = 64  # bytes of a SHA-256 block
_NEVER_SET_ASIDE = ("x",)  # holds columns outside the contract
_MOMENTS = "between timestamp '1900-01-01' and timestamp '9999-12-31'"
_DAYS = "between date '1900-01-01' and date '9999-12-31'"


@dataclass(frozen=True)
class Job:
    """One file to land: what it promises, how it is read, what its rows are called, how large it
    is unpacked."""

    contract: Contract
    table: Table
    layout: Layout
    delivery_id: str
    source_id: str
    name: str
    bytes: int


def validated(job: Job) -> str:
    """Three layers: values as sent, values as typed, and the first fault of each row."""
    return f"select {_columns(job)} from ({_typed(job)})"  # noqa: S608


def validated_and_sent(job: Job) -> str:
    """The same rows, and for each with a fault, as `sent`, the row as it was sent."""
    raw = ", ".join(job.table.names)
    query = f"select {_columns(job)}, {raw} from ({_typed(job, keeps_raw=True)})"  # noqa: S608
    sent = f"case when fault is not null then {sent_row(job)} end as sent"
    return f"select * exclude ({raw}), {sent} from ({query})"  # noqa: S608


def sent_row(job: Job) -> str:
    """A row as it was sent, as JSON: columns of the contract only, personal ones hashed."""
    pairs = (
        f"'{column.name}', {_hashed(cell) if column.pii else cell.sql}"
        for column in job.contract.columns
        if (cell := job.layout.cells.get(column.name)) and column.name not in _NEVER_SET_ASIDE
    )
    return f"json_object({', '.join(pairs)})"


def _sent(job: Job, *, keeps_raw: bool) -> str:
    """Null texts become null; a value is called r_<name> until it has its type."""
    values = [
        f'{cell.sql} as "r_{column.name}"'
        for column in job.contract.columns
        if (cell := _cell(job, column))
    ]
    exported = job.layout.exported_at
    values += [f"{exported.sql} as r_exported_at"] if exported else []
    values += job.table.names if keeps_raw else ()
    return f"select {', '.join(values)}, {job.table.row_no} as row_no from {job.table.sql}"  # noqa: S608


def _typed(job: Job, *, keeps_raw: bool = False) -> str:
    values = ["*"]
    for column in job.contract.columns:
        cell = _cell(job, column)
        value = (
            casting.typed(column, f'"r_{column.name}"', cell.type, job.layout.naive_zone)
            if cell
            else _constant(column)
        )
        values.append(f"{value} as {column.quoted}")
    if exported := job.layout.exported_at:
        column = Column("exported_at", INSTANT)
        moment = casting.typed(column, "r_exported_at", exported.type, "UTC")
        values.append(f"{moment} as exported_at")
    sent = _sent(job, keeps_raw=keeps_raw)
    return f"select {', '.join(values)} from ({sent})"  # noqa: S608


def _columns(job: Job) -> str:
    values = [
        f"coalesce({column.quoted}, '{column.default}'::{column.type}) as {column.quoted}"
        if column.default is not None and column.name in job.layout.cells
        else column.quoted
        for column in job.contract.columns
    ]
    values += [f'{sql} as "{name}"' for name, _, sql in job.contract.derived]
    values += ["exported_at"] if job.layout.exported_at else []
    if rest := _residue(job):
        values.append(f"{rest} as residue")
    provenance = [
        f"{_word(job.source_id)} as source_id",
        f"{_word(job.delivery_id)} as delivery_id",
        "row_no",
    ]
    return ", ".join([*values, *provenance, f"{_fault(job)} as fault"])


def _constant(column: Column) -> str:
    """The value of a column that was not delivered."""
    if column.type == TEXT:
        return _word(column.default)
    return f"{_quoted(column.default)}::{column.type}"


def _word(value: str | None) -> str:
    """One and the same text in every row. An enum is written as its dictionary, text by hashing
    every row: 0.05 µs; either is text in the file. Only for names of our own making."""
    return f"{_quoted(value)}::enum({_quoted(value or '-')})"


def _quoted(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def _residue(job: Job) -> str | None:
    money = job.contract.money
    cell = job.layout.cells.get(money) if money else None
    if money is None or cell is None:
        return None
    column = job.contract.column(money)
    return casting.residue(f'"r_{money}"', cell.type, column.quoted, column.type)


def has_residue(job: Job) -> bool:
    """Whether landing can cut digits off the money of this file."""
    return _residue(job) is not None


def _fault(job: Job) -> str:
    tests: list[tuple[str, str]] = []
    for column in job.contract.columns:
        tests += _column_faults(column, _cell(job, column), job.layout)
    delivered = {name for name in job.contract.names if name in job.layout.cells}
    tests += [
        (rule.name, f"not ({rule.test})")
        for column in job.contract.columns
        if (rule := column.rule) and column.name in delivered
    ]
    tests += [(rule.name, f"not ({rule.test})") for rule in job.contract.rules]
    tests += [(refusal.name, refusal.test) for refusal in job.layout.refusals]
    branches = " ".join(f"when {test} then '{name}'" for name, test in tests)
    return f"case {branches} end" if branches else "null::varchar"


def _column_faults(column: Column, cell: Cell | None, layout: Layout) -> list[tuple[str, str]]:
    if cell is None:
        return []
    raw, name, bad = f'"r_{column.name}"', column.quoted, f"bad {column.name}"
    faults = [(f"missing {column.name}", f"{raw} is null")] if column.required else []
    typed = casting.typed(column, raw, cell.type, layout.naive_zone)
    if typed != raw:
        faults.append((bad, f"{name} is null and {raw} is not null"))
    if column.type == INSTANT:
        faults.append((bad, f"not ({name} {_MOMENTS})"))
    if column.type == DAY:
        faults.append((bad, f"not ({name} {_DAYS})"))
    if column.label:
        faults.append((bad, f"not regexp_full_match({name}, '{LABEL}')"))
        faults.append((bad, f"length({name}) > {MAX_LABEL}"))
    return faults


def _cell(job: Job, column: Column) -> Cell | None:
    """Where a column's value is; `x` gathers the columns outside the contract."""
    if column.name == "x" and job.layout.extras:
        pairs = (
            f"$x{place}, {_without_null_texts(cell, job.layout).sql}"
            for place, cell in enumerate(job.layout.extras.values())
        )
        return Cell(f"json_object({', '.join(pairs)})", "JSON")
    cell = job.layout.cells.get(column.name)
    if cell is None:
        return None
    return Cell(_hashed(cell), TEXT) if column.pii else _without_null_texts(cell, job.layout)


def _without_null_texts(cell: Cell, layout: Layout) -> Cell:
    if cell.type != TEXT or cell.sql.startswith("$") or not layout.null_texts:
        return cell
    listed = ", ".join(f"'{text}'" for text in layout.null_texts)
    return Cell(f"case when {cell.sql} not in ({listed}) then {cell.sql} end")


def _hashed(cell: Cell) -> str:
    """HMAC-SHA256 as RFC 2104 defines it; the key's two pads are bound, never written into SQL."""
    value = f"encode({cell.sql}::varchar)"
    return f"sha256($pii_outer::blob || unhex(sha256($pii_inner::blob || {value})))"


def pads(key: str) -> tuple[bytes, bytes]:
    """The inner and outer pad of an HMAC key.

    >>> import hmac
    >>> inner, outer = pads("k")
    >>> hashlib.sha256(outer + hashlib.sha256(inner + b"a").digest()).hexdigest() == hmac.new(
    ...     b"k", b"a", "sha256").hexdigest()
    True
    """
    secret = key.encode()
    block = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(
        _BLOCK, b"\0"
    )
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def parameters(job: Job, *, is_judged: bool = True) -> dict[str, object]:
    """Every value of a user that the query needs, bound by name."""
    layout = job.layout
    bound: dict[str, object] = dict(job.table.parameters)
    bound |= {f"constant_{name}": value for name, value in layout.constants.items()}
    if any(column.pii and column.name in layout.cells for column in job.contract.columns):
        key = os.environ.get(PII_KEY)
        if not key:
            raise ConfigurationError(
                f"{job.name}: has personal data to hash and ${PII_KEY} is not set; set it to a "
                "secret of your own, the same at every run"
            )
        bound["pii_inner"], bound["pii_outer"] = pads(key)
    if is_judged:
        bound |= {f"x{place}": name for place, name in enumerate(layout.extras)}
        if layout.naive_zone not in (None, "UTC"):
            bound["zone"] = layout.naive_zone
    return bound


def refuse_types(con: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Refuse the whole file where not one value of a column could be read; a column without any
    value may have any type, for a data frame does not know it."""
    for column in job.contract.columns:
        cell = job.layout.cells.get(column.name)
        if cell is None:
            continue
        naive = column.type == INSTANT and casting.is_naive(cell.type)
        is_without_zone = naive and job.layout.naive_zone is None
        is_readable = casting.readable_type(column, cell.type)
        if (is_without_zone or not is_readable) and _is_empty(con, job, cell):
            continue
        if is_without_zone:
            raise DataRefused(
                f"{job.name}: the times of {column.name} carry no offset; set the source's "
                "time_zone in portfolio.yaml"
            )
        if not is_readable:
            kind = _kind_of(cell.type)
            raise DataRefused(
                f"{job.name}: {column.name} is {kind}; expected text or {column.type}"
            )


def _kind_of(kind: str) -> str:
    """A native type without what is nested in it, whose names and values may be data.

    >>> _kind_of("STRUCT(jane VARCHAR)[]"), _kind_of("DECIMAL(9,2)"), _kind_of("INTEGER[3]")
    ('a list', 'DECIMAL', 'a list')
    """
    return "a list" if kind.endswith("]") else kind.partition("(")[0]


def _is_empty(con: duckdb.DuckDBPyConnection, job: Job, cell: Cell) -> bool:
    query = f"select count({cell.sql}) from {job.table.sql}"  # noqa: S608
    return con.execute(query, job.table.parameters).fetchall() == [(0,)]
