"""What stands behind lines that take shared outcomes off: the decisions with a hand in them.

A decision that came again is taken off whole; what a company of systems counted too much is spread
over the decisions of each, by what they counted.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

import duckdb

from roi_pipeline.domain.value import allocate
from roi_pipeline.engines import drill_through
from roi_pipeline.explain.rows import Found, Key
from roi_pipeline.explain.states import add_models, reading
from roi_pipeline.marts.sharing import DIGITS, PLACE, Company, Place, company_of, of_companies
from roi_pipeline.models.table import Table

DRIVER = "shared_outcomes"
UNIT = Decimal("1e-15")  # claims have fifteen decimals


def shared_rows(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Table]
) -> dict[Key, list[Found]]:
    """Every decision behind what was taken off, by line; all systems and months must be at hand."""
    drill_through.share_hands(con)
    add_models(con, models, ("shared_worth", "shared_company"))
    found: dict[Key, list[Found]] = {}
    counted: dict[tuple[Company, int], list[dict[str, Any]]] = defaultdict(list)
    with localcontext(prec=DIGITS):
        for claim in drill_through.claim_rows(con):
            if claim["turn"] > 1:
                place = tuple(claim[name] for name in PLACE)
                _keep(found, place, claim, -claim["claim"], -1, "counted before")
            elif claim["company"] is not None:
                company = company_of(claim["company"])
                counted[company, claim["bit"].bit_length() - 1].append(claim)
        for company, position, _, amount in of_companies(reading(con)):
            claims = counted[company, position]
            weights = {str(k): abs(claim["claim"]) for k, claim in enumerate(claims)}
            equally = dict.fromkeys(weights, 1)
            parts = allocate(amount, weights if any(weights.values()) else equally, UNIT)
            told: set[str] = set()  # an outcome may have parts, and is one all the same
            for k, claim in enumerate(claims):
                quantity = 0 if claim["shared_key"] in told else -1
                told.add(claim["shared_key"])
                place, part = company[position][1], parts[str(k)]
                _keep(found, place, claim, part, quantity, "counted by others too")
    return found


def _keep(
    found: dict[Key, list[Found]],
    place: Place,
    claim: Mapping[str, Any],
    amount: Decimal,
    quantity: int,
    why: str,
) -> None:
    """Put a decision's part under its line, in both views."""
    month, observed_month, system_id, version, mode = place
    one = Found(
        amount=amount,
        dataset="predictions",
        delivery_id=claim["delivery_id"],
        row_no=claim["row_no"],
        quantity=Decimal(quantity),
        unit="outcome",
        text=f"{claim['prediction_id']}: {claim['decision']}, then {claim['outcome']}, {why}",
        outcome_delivery_id=claim["outcome_delivery_id"],
        outcome_row_no=claim["outcome_row_no"],
    )
    for basis, booked in (("cohort", month), ("recognised", observed_month)):
        line = (booked, system_id, basis, DRIVER, version, mode, "direct")
        found.setdefault(line, []).append(one)
