"""What the demo company agreed on paper: contract terms, offers, costs it need not have.

Pure parameters like `plan`; reference.py writes them as the tables people edit.
"""

from collections.abc import Mapping

from roi_pipeline.demo import plan

_NOBODY = "no staff was released"
WAIVED: Mapping[str, Mapping[str, str]] = {
    plan.FRAUD: {
        "api_fees": "scores on its own servers",
        "monitoring": "part of MLOps labour",
        "network": "inside the cage, part of colocation",
        "redeployment": _NOBODY,
        "retraining": "only when recall falls",
        "compliance": "first audit in March 2025",
    },
    plan.INSPECTION: {
        "api_fees": "runs its own models",
        "compliance": "part of the plant's audit",
        "energy": "not metered apart from the plant",
        "network": "inside the plant",
        "redeployment": _NOBODY,
        "retraining": "not done yet",
    },
    plan.SUPPORT: {
        "compliance": "part of the company's audit",
        "energy": "in the price of its provider",
        "mlops_labour": "run by its vendor",
        "network": "in the price of its provider",
        "redeployment": "once, at the start",
        "retraining": "done by its provider",
    },
    plan.ROUTING: {
        "api_fees": "runs on the vehicles",
        "compliance": "part of the fleet's audit",
        "energy": "the vehicles' own power",
        "monitoring": "part of MLOps labour",
        "redeployment": _NOBODY,
        "retraining": "maps only, by their vendor",
    },
}
TERMS = (
    ("hurdle_rate_annual", "0.12", "fraction"),
    ("breakeven_min_months", "9", "months"),
    ("breakeven_max_months", "24", "months"),
    ("grace_months", "3", "months"),
    ("min_maturity", "0.9", "fraction"),
    ("min_coverage", "0.8", "fraction"),
    ("min_predictions", "500", "predictions"),
    ("recover_margin", "0.02", "fraction"),
    ("consecutive_months", "2", "months"),
    ("evidence_window_months", "3", "months"),
    ("probation_months", "2", "months"),
    ("review_due_days", "90", "days"),  # the committee sits once a quarter
)
OWN_TERMS: Mapping[str, tuple[tuple[object, ...], ...]] = {
    plan.FRAUD: (("latency_sensitive", "true", "flag"),),  # a payment waits for it
    plan.SUPPORT: (("capacity_release_share", plan.CAPACITY_RELEASE_SHARE, "fraction"),),
}

# System, option, cost at once and change a month, quality and its error, salvage, life in months.
OFFERS = (
    (plan.FRAUD, "retrain", "15000", None, "0.982", "0.002", None, None, "plan of the data team"),
    (plan.FRAUD, "decommission", "20000", None, None, None, "3000", None, "exit plan"),
    (plan.INSPECTION, "retrain", "18000", None, "0.981", "0.003", None, None, "offer 2024-17"),
    (plan.INSPECTION, "replace", "95000", "-1500", "0.985", "0.005", "10000", 36, "offer 2024-21"),
    (plan.INSPECTION, "decommission", "12000", None, None, None, "4000", None, "exit plan"),
    (plan.SUPPORT, "renegotiate", "2000", "-1200", None, None, None, None, "talks with Lingua"),
    (plan.SUPPORT, "retrain", "9000", None, "0.72", "0.01", None, None, "offer 2024-23"),
    (plan.SUPPORT, "decommission", "5000", None, None, None, None, None, "exit plan"),
)
