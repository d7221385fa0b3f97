"""The tables that Python fills read what `PYTHON_READS` says and no more: what a change of a table
makes stale, and what an edition is refused for, follows from it."""

from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from test_closing import MARCH

from roi_pipeline import portfolio
from roi_pipeline.books import reads, session
from roi_pipeline.books.ledger import MONTHLY, WHOLE


class Traced:
    """A connection that remembers the queries it is asked."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.queries = con, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.con, name)

    def execute(self, query: str, *given: Any) -> Any:
        self.queries.append(query)
        return self.con.execute(query, *given)


def tables(query: str) -> set[str]:
    tree = sqlglot.parse_one(query, dialect="duckdb")
    return {table.name for table in tree.find_all(exp.Table)} - {
        cte.alias for cte in tree.find_all(exp.CTE)
    }


def test_python_tables_read_what_is_declared(company: Path) -> None:
    found: dict[str, set[str]] = {}
    with session.opened(portfolio.load(company), MARCH) as opened:
        for name, (frame, _) in {**WHOLE, **MONTHLY}.items():
            traced = Traced(opened.con)
            frame(traced)  # type: ignore[arg-type]
            read = {table for query in traced.queries for table in tables(query)}
            stored = reads.stored(read, opened.models) - {name}
            found[name] = {*stored} - reads.read_by(name, opened.models)
        known = {*opened.models, *reads.OPENING, *reads.RECEIPT_TABLES, *found}
        assert {name: extra for name, extra in found.items() if extra} == {}
        unknown = {
            read
            for model in opened.models.values()
            if model.layer != "cells"
            for read in model.reads
        } - {*known, *portfolio.DATASETS, *portfolio.REFERENCES}
        assert unknown == set()
