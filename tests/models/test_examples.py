"""Every model gives exactly what its worked example says."""

import re
from pathlib import Path

import pytest

from roi_pipeline import workbench
from roi_pipeline.models import registry, sql_models
from roi_pipeline.models.registry import LAYERS
from roi_pipeline.models.sql_models import UNIONS
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline import guards
from roi_pipeline.suites import suites

MODELS = {name: table for name, table in registry.load().items() if table.query is not None}
ALL = registry.load()
EXAMPLES = [model for model in MODELS.values() if model.example]


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.name)
def test_example(model: Table) -> None:
    for table, got, want in workbench.tried(model):
        assert (table, got) == (table, want)


def test_every_model_has_an_example() -> None:
    without = {model.name for model in MODELS.values() if not model.example}
    shown_by_others = {name for name in without if MODELS[name].layer == "cells"}
    assert without - shown_by_others == {*UNIONS}
    given = "".join(model.example or "" for model in EXAMPLES if model.layer == "cells")
    assert "prediction_log" in given
    assert "outcome_log" in given


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_style(model: Table) -> None:
    """House §4: what a reader of any model may rely on."""
    forbidden = ("group by all", " by name", "now()", "random()", "uuid()", "::double", "::float")
    assert [word for word in forbidden if word in model.sql] == []
    assert not re.search(r"\b(double|float|real)\b", model.sql)
    if model.name not in UNIONS:
        assert model.sql == model.sql.lower() or "'" in model.sql
        assert max(map(len, model.sql.splitlines())) <= 130
        assert model.sql.count("\n") < 75


def test_every_model_binds_on_empty_inputs() -> None:
    con, found = workbench.empty()
    workbench.open_books(con, found)
    for name, model in found.items():
        if model.layer != "cells":
            assert con.execute(f"select count(*) from {name}").fetchall()[0][0] in (0, 1, 2)
        if model.build == "whole":
            workbench.give(con, name, [])  # a table, as in a run: what reads it binds sooner


def test_names_behind_from_and_join_are_what_a_parser_finds() -> None:
    """Looking the words up costs a hundredth of parsing; both give the same for every file."""
    for name, model in MODELS.items():
        if name not in UNIONS:
            found = sql_models.reads_of(model.sql)
            reads, columns = sql_models._parsed_names(model.sql, Path(name))
            assert found == reads, name
            if model.part_of:
                optional = sql_models.OPTIONAL_LINE_COLUMNS[model.part_of].keys()
                assert model.optional == columns & optional, name
    for table, suite in suites().items():
        for check in suite.checks:
            query = check.kwargs.get("unexpected_rows_query", "").replace("{batch}", table)
            found = sql_models.reads_of(query) if query else frozenset()
            parsed = sql_models._parsed_names(query, Path("suite"))[0] if query else frozenset()
            assert found - {table} == parsed - {table}, (table, check.name)


def test_every_guard_has_its_message_and_every_message_its_guard() -> None:
    assert {name for name, model in MODELS.items() if model.is_guard} == set(guards.MESSAGES)


def test_tables_read_their_own_layer_or_one_before_it() -> None:
    """Data flows one way; cost knows nothing of value, nor value of cost."""
    upwards = [
        f"{table.layer}/{name} reads {ALL[read].layer}/{read}"
        for name, table in ALL.items()
        for read in table.reads
        if read in ALL
        and (
            LAYERS.index(ALL[read].layer) > LAYERS.index(table.layer)
            or {ALL[read].layer, table.layer} == {"cost", "value"}
        )
    ]
    assert upwards == []
