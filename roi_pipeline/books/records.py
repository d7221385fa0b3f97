"""What every table of the books was built from and checked with, so that an edition can be refused
whose tables do not belong together.

A record of a table holds its cut-off, settings, code, a checksum of its rows, and those of what it
read. A table belongs into an edition when its record is that of the session and of the tables as
they are; its checks, when they passed on exactly these rows. Computes no number.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

import duckdb

from roi_pipeline.books.ledger import BOOKS, SETTINGS, monthly_marts
from roi_pipeline.books.reads import RECEIPTS, compared_with, read_by
from roi_pipeline.books.scope import Scope, open_months
from roi_pipeline.code import code_sha256
from roi_pipeline.engines.cells import CELLS
from roi_pipeline.ingest.discovery import is_there
from roi_pipeline.ingest.readings import is_outdated
from roi_pipeline.models import Model
from roi_pipeline.portfolio import DATASETS, REFERENCES, Portfolio
from roi_pipeline.suites import Suite, suites
from roi_pipeline.warehouse import rows

CODE = "roi_pipeline.books.session"  # imports all that computes or checks a number
INPUTS = frozenset((*DATASETS, *REFERENCES))
DDL = """
create table if not exists build_record (
    name varchar, as_of timestamp, month_last date, settings varchar, code varchar,
    content varchar, reads json
);
create table if not exists check_record (name varchar, month date, content varchar);
"""
_RECEIPTS = """
select m.dataset, m.delivery_id, m.month, m.is_live, (d.notes ->> 'withdrawn') is not null
from delivery_months as m inner join deliveries as d using (dataset, delivery_id) order by all
"""


@dataclass
class State:
    """The books as they are: checksums of tables are computed once, when they are asked for."""

    con: duckdb.DuckDBPyConnection
    portfolio: Portfolio
    models: Mapping[str, Model]
    scope: Scope
    _known: dict[tuple[str, bool], object] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """Every stored table between the deliveries and an edition."""
        return [*CELLS, *BOOKS, *monthly_marts(self.models)]

    @property
    def stamp(self) -> tuple[datetime, date, str, str]:
        """Cut-off, last month, settings and code of this session."""
        settings = self.portfolio.model_dump(mode="json", include=SETTINGS)
        code = [code_sha256(CODE), *sorted(m.code_version for m in self.models.values())]
        return (self.scope.as_of, self.scope.months.last, _digest(settings), _digest(code))

    def content(self, name: str) -> str:
        """A checksum of everything in a table, or of what a dataset has in use."""
        if (name, False) not in self._known:
            self._known[name, False] = _digest(self._rows(name))
        return str(self._known[name, False])

    def months(self, name: str) -> list[tuple[date | None, str]]:
        """The same by month, oldest first; None for what belongs to no month."""
        if (name, True) not in self._known:
            self._known[name, True] = self._by_month(name)
        return self._known[name, True]  # type: ignore[return-value]

    def _rows(self, name: str) -> object:
        if name in INPUTS:
            return rows(
                self.con,
                "select delivery_id, month from delivery_months "
                "where dataset = ? and is_live order by all",
                [name],
            )
        if name == RECEIPTS:
            return rows(self.con, _RECEIPTS)
        return rows(self.con, f"select {_SUM} from {self._table(name)} as t")  # noqa: S608

    def _by_month(self, name: str) -> list[tuple[date | None, str]]:
        if name == RECEIPTS:
            return [(None, self.content(name))]
        if name in INPUTS:
            found: dict[date | None, list[object]] = {}
            for delivery, month in self._rows(name):  # type: ignore[attr-defined]
                found.setdefault(month, []).append(delivery)
            return [(month, _digest(each)) for month, each in found.items()]
        columns = {column for column, *_ in rows(self.con, f"describe {self._table(name)}")}
        if "month" not in columns:
            return [(None, self.content(name))]
        query = f"select month, {_SUM} from {self._table(name)} as t group by month"  # noqa: S608
        return [(month, _digest(each)) for month, *each in rows(self.con, query)]

    def _table(self, name: str) -> str:
        return f"marts.{name}" if name in monthly_marts(self.models) else name


_SUM = "count(*), sum(cast(hash(t) as hugeint))"


def keep(state: State, names: Iterable[str]) -> None:
    """Record that tables were just built: with what, and from what."""
    known = dict(rows(state.con, "select name, content from build_record"))
    for name in names:
        reads = {
            read: state.content(read) if _is_input(read) else known.get(read)
            for read in sorted(read_by(name, state.models))
        }
        state.con.execute("delete from build_record where name = ?", [name])
        state.con.execute(
            "insert into build_record values (?, ?, ?, ?, ?, ?, ?)",
            [name, *state.stamp, state.content(name), json.dumps(reads)],
        )


def forget_moved(state: State, names: Sequence[str], mark: str) -> None:
    """Mark every month of tables stale when their rows are not those that were built."""
    known = dict(rows(state.con, "select name, content from build_record"))
    if any(name in known and known[name] != state.content(name) for name in names):
        state.con.execute("delete from built where name = ?", [mark])


def keep_rows(state: State, names: Iterable[str]) -> None:
    """Record the rows of tables that were built in part: what was built need not be built again,
    and the tables stay those of their former record otherwise."""
    for name in names:
        state.con.execute(
            "update build_record set content = ? where name = ?", [state.content(name), name]
        )


def misfits(state: State) -> Iterator[tuple[str, str]]:
    """Tables of the books that do not belong into one edition with the others, and why."""
    for dataset in sorted(INPUTS):
        if is_outdated(state.con, state.portfolio, dataset):
            yield dataset, "read with other settings of its sources than portfolio.yaml has"
    rejected = rows(state.con, "select distinct dataset, path from refusals order by all")
    for dataset, path in rejected:
        if is_there(state.portfolio, path):
            yield dataset, f"{path} was rejected and is still there"
    known = {name: told for name, *told in rows(state.con, "from build_record")}
    contents = {name: told[-2] for name, told in known.items()}
    for name in state.tables:
        if name not in known:
            yield name, "not built"
            continue
        *stamp, content, reads = known[name]
        if why := _stamp_misfit(stamp, state):
            yield name, why
        elif content != state.content(name):
            yield name, "changed after it was built"
        else:
            moved = [
                read
                for read, seen in json.loads(reads).items()
                if seen != (state.content(read) if _is_input(read) else contents.get(read))
            ]
            if moved:
                yield name, f"built before {', '.join(moved)} changed"


def _stamp_misfit(stamp: Sequence[object], state: State) -> str | None:
    """How the cut-off, settings or code of a record differ from those of the session."""
    wanted = state.stamp
    if tuple(stamp[:2]) != wanted[:2]:
        return (
            f"built up to {stamp[1]:%Y-%m} as known before {stamp[0]}, not up to "
            f"{wanted[1]:%Y-%m} as known before {wanted[0]}"
        )
    if tuple(stamp[2:]) != wanted[2:]:
        what = "settings of portfolio.yaml" if stamp[2] != wanted[2] else "code"
        return f"built with other {what}"
    return None


def books_sha256(state: State) -> str:
    """One checksum of the rows of every mart, as recorded when they were built."""
    marts = monthly_marts(state.models)
    known = dict(rows(state.con, "select name, content from build_record"))
    return _digest([[name, known.get(name)] for name in sorted(marts)])


def keep_checked(state: State, table: str, first: date, last: date, *, passed: bool) -> None:
    """Record for which months the suite of a table passed, and on which rows."""
    state.con.execute(
        "delete from check_record where name = ? and month between ? and ?", [table, first, last]
    )
    if passed:
        for month, content in _checked(state, table).items():
            if first <= month <= last:
                state.con.execute(
                    "insert into check_record values (?, ?, ?)", [table, month, content]
                )


def unchecked(state: State, table: str) -> list[date]:
    """The open months for which the suite of a table did not pass on the rows there are now."""
    known = dict(rows(state.con, "select month, content from check_record where name = ?", [table]))
    wanted = open_months(state.con, state.scope) or [state.scope.months.last]
    now = _checked(state, table)
    return [month for month in wanted if known.get(month) != now[month]]


def check_misfits(state: State) -> Iterator[tuple[str, str]]:
    """Tables that have months whose checks did not pass on exactly these rows, and which months."""
    for table in sorted(suites().keys() & {*state.tables, *INPUTS}):
        if months := unchecked(state, table):
            last = f" to {months[-1]:%Y-%m}" if len(months) > 1 else ""
            yield table, f"checks failed, or did not run on these rows ({months[0]:%Y-%m}{last})"


def _checked(state: State, table: str) -> dict[date, str]:
    """For every month of the scope a checksum of all that the checks of a table can depend on: the
    rows of the table, and of those it is compared with, up to the month; the suite; the settings
    it is given."""
    suite: Suite = suites()[table]
    names = [table, *sorted(compared_with(table, state.models))]
    settings = state.portfolio.model_dump(
        mode="json", include={"systems", "time_zone", "max_quarantined_share"}
    )
    if table in INPUTS:
        names = [name for name in names if name != RECEIPTS]  # what is in use of the table says it
    fixed = _digest([suite.document, settings])
    contents = [
        (str(month or ""), name, content) for name in names for month, content in state.months(name)
    ]
    return {
        month: _digest([fixed, sorted(each for each in contents if each[0] <= str(month))])
        for month in state.scope.months
    }


def _is_input(name: str) -> bool:
    return name in INPUTS or name == RECEIPTS


def _digest(value: object) -> str:
    return sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()
