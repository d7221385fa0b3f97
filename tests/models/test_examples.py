"""Every model gives exactly what its worked example says."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import workbench
import yaml

from roi_pipeline import models

MODELS = models.load()
EXAMPLES = [model for model in MODELS.values() if model.example]


def plain(value: Any) -> Any:
    """A value as the example writes it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value)).quantize(Decimal("1e-12"))
        return str(number.normalize() + 0)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.name)
def test_example(model: models.Model) -> None:
    case = yaml.safe_load(model.example or "")
    con, found = workbench.empty()
    if model.layer != "cells":
        workbench.open_books(con, found)
    for table, rows in case["given"].items():
        workbench.give(con, table, rows)
    for table, expected in case["expect"].items():
        columns = list(expected[0])
        named = ", ".join(f'"{column}"' for column in columns)
        got = con.execute(f"select {named} from {table}").fetchall()
        want = [tuple(plain(row[column]) for column in columns) for row in expected]
        assert sorted(map(repr, (tuple(map(plain, row)) for row in got))) == sorted(map(repr, want))


def test_every_model_that_counts_has_an_example() -> None:
    without = {m.name for m in MODELS.values() if not m.example and m.layer in ("cost", "value")}
    assert without <= {models.COST_LINES, models.VALUE_LINES}


def test_every_model_binds_on_empty_inputs() -> None:
    con, found = workbench.empty()
    workbench.open_books(con, found)
    for name, model in found.items():
        if model.layer != "cells":
            assert con.execute(f"select count(*) from {name}").fetchall()[0][0] in (0, 1, 2)
