"""The case in sentences, and the words of rules and options, for someone who has never seen the
project. Knows the facts of a dossier; lays out no page."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from roi_pipeline import words
from roi_pipeline.dossier.facts import Dossier

# What a rule says to someone who has not read the method.
RULES: Mapping[str, str] = {
    "healthy_to_marginal": "the return stayed below the hurdle",
    "healthy_to_negative": "running it cost more than it brought",
    "marginal_to_negative": "running it cost more than it brought",
    "marginal_to_healthy": "the return was above the hurdle again",
    "negative_to_healthy": "the return was above the hurdle again, and people decided to continue",
    "unrecovered_to_recovered": "the investment had come back",
    "hard_stop": "a person stopped it",
    "awaiting_decision": "the return is good again; a decision to continue is missing",
    "held": "held: too little evidence",
    "probation_over": "the probation ended",
}


def story(dossier: Dossier) -> list[str]:
    """The case in a few sentences, for someone who reads nothing else."""
    now, money, currency = dossier.now, dossier.money, dossier.money["currency"]
    name, spent = dossier.system["name"], money["cumulative_tco_cash"]
    net = money["cumulative_net_cash"]
    told = [_verdict(dossier)]
    if now["window_months"]:
        told.append(
            f"{_span(now['window_months'])} its decisions were worth "
            f"{words.money(money['window_value'], currency)}, and running it cost "
            f"{words.money(money['window_avoidable_cost'], currency)} that stopping would have "
            f"saved: a return of {words.percent(now['metric'])} "
            f"({words.interval(now['metric_low'], now['metric_high'])} with 95 % confidence), "
            f"where {words.percent(now['hurdle'])} was agreed."
        )
    if now["held_reason"] == "no_baseline":
        told.append(
            f"There is {words.reason('no_baseline')}, so this month is no evidence. Gross, its "
            f"decisions brought {words.money(money['gross_value'], currency)} in the month; what "
            "the work would have brought without it is not known."
        )
    elif now["held_reason"]:
        told.append(f"This month itself decided nothing: {words.reason(now['held_reason'])}.")
    since = f"Since {dossier.system['invested_on']:%B %Y}, {words.money(spent, currency)} was paid"
    brought = "what it brought is not known"
    if net is not None:
        value = words.money(money["cumulative_value"], currency)
        gained = "gained" if net >= 0 else "lost"
        brought = f"it brought {value}: {words.money(abs(net), currency)} {gained} so far"
    told.append(
        f"{since} for {name} and {brought}. What is spent is spent whatever is decided; the "
        "question is what the coming months cost and bring."
    )
    return [*told, *_advice(dossier, currency)]


def _advice(dossier: Dossier, currency: str) -> list[str]:
    """What to look at first; with fewer than two options valued there is nothing to rank."""
    options = dossier.tables["options"]
    valued = [row for row in options if row["npv"] is not None]
    no_worth = "quality_has_no_worth"
    if any(row["missing_reason"] == no_worth for row in options):
        left = f"Options that rest on quality are not ranked: {words.reason(no_worth)}."
        return [*_ranked(dossier, valued, currency), left]
    return _ranked(dossier, valued, currency)


def _ranked(dossier: Dossier, valued: Sequence[Mapping[str, Any]], currency: str) -> list[str]:
    """The option to look at first, or why there is none."""
    options = dossier.tables["options"]
    if options and len(valued) < 2:
        known = "".join(
            f" ({option_name(row['option'])}: {words.money(row['npv'], currency)} over "
            f"{row['horizon_months']} months)"
            for row in valued
        )
        why = next((row["missing_reason"] for row in options if row["option"] == "keep"), None)
        reason = words.reason(why) or "the costs of the others are not stated"
        return [f"The options cannot be ranked yet{known}: {reason}."]
    if (first := dossier.first) is None:
        return []
    cause = first["dominant_cause"]
    why = f"; the fall comes mostly from {cause}" if cause else ""
    best = max((row["npv"] for row in valued), default=0)
    is_loss = best < 0 and first["npv"] == best
    least = " No way out is worth more than it costs: this one loses least." if is_loss else ""
    return [
        f"Look first at: {option_name(first['option'])}, {_worth(first, currency)}{why}.{least}"
    ]


def _span(months: str) -> str:
    """Months in words; held ones between them count for none.

    >>> _span("2026-08, 2026-09, 2026-10"), _span("2026-10")
    ('From August to October 2026', 'In October 2026')
    """
    first, last = (date.fromisoformat(f"{months.split(', ')[at]}-01") for at in (0, -1))
    if first == last:
        return f"In {first:%B %Y}"
    begin = f"{first:%B}" if first.year == last.year else f"{first:%B %Y}"
    return f"From {begin} to {last:%B %Y}"


def _verdict(dossier: Dossier) -> str:
    name, status = dossier.system["name"], dossier.now["status"]
    is_unknown = dossier.now["held_reason"] == "no_baseline" and dossier.now["metric"] is None
    if is_unknown and status != "decommission_review":
        return f"Whether {name} earns its cost is not known."
    return {
        "decommission_review": f"Running {name} costs more than it brings.",
        "marginal_deterioration": f"{name} earns less than was agreed.",
        "recovered": f"{name} has recovered and is on probation.",
        "positive": f"{name} has paid back its investment and earns its keep.",
        "pre_breakeven": f"{name} earns its keep but has not paid back its investment yet.",
    }[status]


def option_name(name: str) -> str:
    """An option as people say it.

    >>> option_name("rollback/v3")
    'rollback to v3'
    """
    return name.replace("/", " to ").replace("_", " ")


def _worth(row: Mapping[str, Any], currency: str) -> str:
    if row["npv"] is None:
        return "not valued"
    sure = row["probability_best"]
    chance = "" if sure is None else f", the best way with probability {sure:.2f}"
    months = row["horizon_months"]
    return f"worth {words.money(row['npv'], currency)} over {months} months{chance}"
