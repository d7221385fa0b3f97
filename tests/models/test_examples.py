"""Every model gives exactly what its worked example says."""

import re

import pytest

from roi_pipeline import models, workbench

MODELS = models.load()
EXAMPLES = [model for model in MODELS.values() if model.example]


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.name)
def test_example(model: models.Model) -> None:
    for table, got, want in workbench.tried(model):
        assert (table, got) == (table, want)


def test_every_model_has_an_example() -> None:
    without = {model.name for model in MODELS.values() if not model.example}
    shown_by_others = {name for name in without if MODELS[name].layer == "cells"}
    assert without - shown_by_others == {models.COST_LINES, models.VALUE_LINES}
    given = "".join(model.example or "" for model in EXAMPLES if model.layer == "cells")
    assert "prediction_log" in given
    assert "outcome_log" in given


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_style(model: models.Model) -> None:
    """House §4: what a reader of any model may rely on."""
    forbidden = ("group by all", " by name", "now()", "random()", "uuid()", "::double", "::float")
    assert [word for word in forbidden if word in model.query] == []
    assert not re.search(r"\b(double|float|real)\b", model.query)
    if model.name not in (models.COST_LINES, models.VALUE_LINES):
        assert model.query == model.query.lower() or "'" in model.query
        assert max(map(len, model.query.splitlines())) <= 130
        assert model.query.count("\n") < 75


def test_every_model_binds_on_empty_inputs() -> None:
    con, found = workbench.empty()
    workbench.open_books(con, found)
    for name, model in found.items():
        if model.layer != "cells":
            assert con.execute(f"select count(*) from {name}").fetchall()[0][0] in (0, 1, 2)
        if model.layer == "ledger":
            workbench.give(con, name, [])  # a table, as in a run: what reads it binds sooner
