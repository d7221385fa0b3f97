"""The worked examples of the method, whole, through the scenarios' own SQL."""

from decimal import Decimal

import pytest
from cases import cell, drivers, oracle, published

FRAUD = ("block", "fraud")


def fraud_prices(given: object) -> dict[str, tuple[str, object]]:
    """W01's prices; friction is a share of the good amount's margin."""
    return {
        "fraud_stopped": ("amount", "0.85"),
        "chargeback_avoided": ("case", 25),
        "alert_reviewed": ("case", -3),
        "good_customer_stopped": ("amount", "-0.012"),
    }


def test_w01_fraud_is_worth_what_it_adds_to_the_process_before() -> None:
    """94 % recall at 2 % false positives, gross 741,308, incremental 338,096."""
    given, want = oracle("W01")
    model = want["model"]
    cells = [
        cell("block", "fraud", model["tp"], amount=model["tp"] * 180),
        cell("allow", "fraud", model["fn"], amount=model["fn"] * 180),
        cell("block", "legit", model["fp"], amount=model["fp"] * 90),
        cell("allow", "legit", model["tn"], amount=model["tn"] * 90),
    ]
    baselines = {"recall": "0.60", "false_positive_rate": "0.03"}
    assert (given["recall"], given["fpr"]) == (0.94, 0.02)
    gross = drivers("fraud_detection", FRAUD, fraud_prices(given), cells)
    assert sum(gross.values()) == Decimal(str(model["net_value"]))
    found = drivers("fraud_detection", FRAUD, fraud_prices(given), cells, baselines)
    assert sum(found.values()) == Decimal(str(want["incremental_value"]))


@pytest.mark.parametrize(("basis", "a_day"), [("units", 1400), ("defects", 70)])
def test_w02_the_basis_of_a_rate_changes_the_answer_twentyfold(basis: str, a_day: int) -> None:
    """3.2 % to 0.4 % on 50,000 units a day."""
    given, want = oracle("W02")
    assert want[f"escapes_prevented_per_day_{basis}_basis"] == a_day
    units = given["units_per_day"] * given["days"]
    defects = Decimal(units) * Decimal(str(given["defect_rate"]))
    of = Decimal(units) if basis == "units" else defects
    escaped = of * Decimal(str(given["escape_after"]))
    rejected = Decimal(units) * Decimal(str(given["false_reject_after"]))
    cells = [
        cell("pass", "defect", escaped),
        cell("reject", "defect", defects - escaped),
        cell("reject", "good", rejected),
        cell("pass", "good", units - defects - rejected),
    ]
    found = drivers(
        "quality_control",
        ("reject", "defect"),
        {"escape": ("case", -given["cost_per_escape"]), "false_reject": ("case", "-1.5")},
        cells,
        {"escape_rate": "0.032", "false_reject_rate": "0.004"},
        {"escape_rate": basis},
    )
    prevented = (found["escape"] + found["baseline_escape"]) / Decimal(given["cost_per_escape"])
    assert prevented == a_day * given["days"]
    assert -found["false_reject"] - found["baseline_false_reject"] == Decimal(
        str(want["extra_false_reject_cost"])
    )
    if basis == "units":
        assert sum(found.values()) == Decimal(str(want["net_value_month"]))


def test_w17_the_contact_centre_with_what_it_displaces() -> None:
    given, want = oracle("W17")
    contacts = want["issues"] / given["fcr_after"]
    alone, people = contacts * given["containment"], contacts * (1 - given["containment"])
    fcr = given["fcr_after"]
    cells = [
        cell("answer", "settled", alone * fcr),
        cell("answer", "repeated", alone * (1 - fcr)),
        cell("handoff", "settled", people * fcr),
        cell("handoff", "repeated", people * (1 - fcr)),
        cell("answer", "right", alone * given["qa_share"], outcome_type="quality_check"),
        cell("answer", "refunded", alone * given["error_rate"], outcome_type="error"),
    ]
    prices: dict[str, tuple[str, object]] = {
        "human_contact": ("case", "-6.5"),
        "assistant_contact": ("case", "-0.45"),
        "answer_checked": ("case", -4),
        "wrong_answer": ("case", -30),
    }
    baseline = {"first_contact_resolution": str(given["fcr_before"])}
    found = drivers(
        *("customer_service", ("answer", "settled"), prices, cells),
        baselines=baseline,
        terms={"capacity_release_share": "1"},
    )
    after = -float(found["human_contact"] + found["assistant_contact"])
    assert float(found["baseline_human_contact"]) == pytest.approx(want["baseline_cost"], abs=0.01)
    assert after == pytest.approx(want["after_cost"], abs=0.01)
    assert -float(found["answer_checked"]) == pytest.approx(want["qa"], abs=0.01)
    assert -float(found["wrong_answer"]) == pytest.approx(want["error_reserve"], abs=0.01)
    # Redeployment is an invoice spread over its months: cost of the system, never value (D2).
    net = float(sum(found.values())) - want["redeployment_month"]
    assert net == pytest.approx(want["net_value_month"], abs=0.01)
    per_issue = (want["baseline_cost"] - net) / want["issues"]
    assert per_issue == pytest.approx(want["cost_per_resolved_after"], abs=1e-6)

    half = drivers(
        *("customer_service", ("answer", "settled"), prices, cells),
        baselines=baseline,
        terms={"capacity_release_share": "0.5"},
    )
    labour = [name for name in found if name.endswith("human_contact")]
    assert all(
        half[name] == pytest.approx(found[name] / 2, abs=Decimal("0.001")) for name in labour
    )
    assert half["assistant_contact"] == found["assistant_contact"]


def test_w18_what_no_longer_crosses_the_network_is_no_value() -> None:
    """The same routes at twice the accuracy: value moves, the network's cost is not in it."""
    given, want = oracle("W18")
    saved = given["devices"] * (given["central_gb"] - given["edge_gb"]) * given["days"]
    saving = (saved - given["devices"] * given["model_update_gb"]) * given["price_gb"]
    assert saving == pytest.approx(want["wan_saving"])
    prices: dict[str, tuple[str, object]] = {
        "fuel_litre": ("litre", "-1.6"),
        "driving_minute": ("minute", "-0.6"),
        "exception": ("case", -15),
    }
    baselines = {"litres_per_km": "0.28", "minutes_per_route": 60, "exception_rate": "0.12"}
    known = drivers(
        *("edge_logistics", ("reroute", "on_time"), prices),
        [cell("reroute", "on_time", 92), cell("keep", "late", 8)],
        baselines,
    )
    assert known == {"exception": -120, "baseline_exception": 180}


def test_w26_unit_cost_before_and_after() -> None:
    given, want = oracle("W26")
    after, n = given["after"], given["decisions"]
    wrong = int(n * after["error_rate"])
    other = [after["other"], n]
    found = drivers(
        "decision_support",
        ("grant", "repaid"),
        {
            "labour_hour": ("hour", -given["wage"]),
            "error": ("case", -given["cost_error"]),
            "other_cost": ("amount", -1),
        },
        [
            cell("grant", "repaid", n - wrong),
            cell("grant", "lost", wrong),
            cell("grant", "h", n, outcome_type="labour", outcome_quantity=n * after["hours"]),
            cell("grant", "x", n, outcome_type="other_cost", outcome_amount=other[0] * other[1]),
        ],
        {
            "hours_per_decision": str(given["hours"]),
            "error_rate": str(given["error_rate"]),
            "other_cost_per_decision": str(given["other"]),
        },
    )
    before = sum(worth for name, worth in found.items() if name.startswith("baseline_"))
    assert before / n == Decimal(str(want["unit_cost_before"]))
    assert (before - sum(found.values())) / n == Decimal(str(want["unit_cost_after"]))
    assert sum(found.values()) == want["value"]


ONE_CLASS = {
    "only true negatives": ("allow", "legit", {"baseline_alert_reviewed": 9}),
    "only true positives": (
        *("block", "fraud"),
        {"fraud_stopped": 850, "alert_reviewed": -300, "baseline_fraud_stopped": -510}
        | {"baseline_alert_reviewed": 180, "chargeback_avoided": 2500}
        | {"baseline_chargeback_avoided": -1500},
    ),
}


@pytest.mark.parametrize("name", ONE_CLASS)
def test_a_month_of_one_class(name: str) -> None:
    """100 cases of 10: the process before stops 60 % of frauds and 3 % of the honest."""
    decision, outcome, want = ONE_CLASS[name]
    found = drivers(
        *("fraud_detection", FRAUD, fraud_prices(None)),
        [cell(decision, outcome, 100, amount=1000)],
        {"recall": "0.60", "false_positive_rate": "0.03"},
    )
    friction = {"baseline_good_customer_stopped": Decimal("0.36")} if outcome == "legit" else {}
    assert found == want | friction


def test_one_class_of_every_other_scenario() -> None:
    quality = drivers(
        *("quality_control", ("reject", "defect")),
        {"escape": ("case", -12), "false_reject": ("case", -1)},
        [cell("pass", "good", 1000)],
        {"escape_rate": "0.032", "false_reject_rate": "0.004"},
        {"escape_rate": "units"},
    )
    assert quality == {"baseline_escape": 384, "baseline_false_reject": 4}
    repeated = drivers(
        *("customer_service", ("answer", "settled"), {"human_contact": ("case", -6)}),
        [cell("answer", "repeated", 10)],
        {"first_contact_resolution": "0.5"},
        terms={"capacity_release_share": "1"},
    )
    assert repeated == {}  # an issue that nobody settled is worth nothing yet
    support = drivers(
        *("decision_support", ("grant", "repaid")),
        {"labour_hour": ("hour", -40), "error": ("case", -15)},
        [cell("refuse", "lost", 10)],
        {"hours_per_decision": "0.05", "error_rate": "0.06"},
    )
    assert support == {"baseline_labour_hour": 20, "baseline_error": 9}


def test_without_its_whole_baseline_a_scenario_counts_gross() -> None:
    prices: dict[str, tuple[str, object]] = {"escape": ("case", -12), "false_reject": ("case", -1)}
    found = drivers(
        *("quality_control", ("reject", "defect"), prices),
        [cell("pass", "defect", 2)],
        {"escape_rate": "0.032"},
        {"escape_rate": "units"},
    )
    assert found == {"escape": -24}


def test_o16_errors_that_cost_what_each_case_says() -> None:
    """Of four cases one positive is missed, at 3; the best policy that looks at nothing calls all
    negative and costs 6. A decision's amount is what an error about it would cost."""
    given, want = published("O16")
    false_positive, false_negative = 0, 1
    prices: dict[str, tuple[str, object]] = {
        "0/1": ("amount", -1),
        "1/0": ("amount", -1),
        "0/0": ("case", 0),
        "1/1": ("case", 0),
    }
    cells = [
        cell(str(said), str(true), 1, amount=costs[false_negative if true else false_positive])
        for true, said, costs in zip(
            given["y_true"], given["y_pred"], given["cost_mat"], strict=True
        )
    ]
    found = drivers("decision_matrix", ("1", "1"), prices, cells)
    assert -sum(found.values()) == Decimal(str(want["cost"]))
    constant = {"*/1": ("amount", 1)}  # all called negative: every positive is an error
    against = drivers("decision_matrix", ("1", "1"), prices | constant, cells)
    saved = sum(against.values()) / against["*/1"]
    assert saved == Decimal(str(want["savings_vs_best_constant_policy"]))
