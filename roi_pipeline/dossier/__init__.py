"""The dossier of one system: everything a committee needs to decide on it, on one page.

Lays out what facts.py gathered, as HTML and as Markdown; no value of the data becomes markup.
"""

import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from roi_pipeline import charts, words
from roi_pipeline.dossier.facts import Dossier, gather
from roi_pipeline.dossier.story import RULES, option_name, story

__all__ = ["Dossier", "gather", "html", "markdown", "story"]


def html(dossier: Dossier) -> str:
    """One self-contained page: light, dark, print and a narrow screen; every value escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return _rendered(environment, "dossier.html.j2", dossier)


def markdown(dossier: Dossier) -> str:
    """The same as Markdown; no value can end a cell, open a tag or start a link."""
    # Not HTML: `finalize` escapes what Markdown reads, the brackets of tags among it.
    environment = Environment(
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cell,
    )
    return _rendered(environment, "dossier.md.j2", dossier)


def _rendered(environment: Environment, name: str, dossier: Dossier) -> str:
    source = (resources.files("roi_pipeline") / "templates" / name).read_text(encoding="utf-8")
    environment.filters.update(FILTERS)
    template = environment.from_string(source)
    return template.render(d=dossier, charts=_charts(dossier), story=story(dossier)) + "\n"


def _cell(value: Any) -> str:
    """Text as Markdown shows it, on one line."""
    text = re.sub(r"([\\`*_\[\]|#])", r"\\\1", str(value))
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"\s+", " ", text)


# How a template writes a value.
FILTERS: Mapping[str, Callable[..., str]] = {
    "money": lambda amount: "–" if amount is None else words.money(amount),
    "percent": words.percent,
    "share": lambda share: "–" if share is None else f"{share * 100:.1f} %",
    "month": words.month_name,
    "day": lambda day: "–" if day is None else f"{day:%d %b %Y}",
    "words": lambda text: "–" if text is None else str(text).replace("_", " "),
    "rule": lambda name: RULES.get(name, str(name).replace("_", " ")),
    "status": lambda name: words.STATUS[name][0] if name in words.STATUS else "not live",
    "held": words.reason,
    "option": option_name,
}


def _charts(dossier: Dossier) -> dict[str, Markup]:
    """Drawn from numbers and months only, so the markup is safe."""
    history, money = dossier.tables["history"][-24:], dossier.tables["money"][-24:]
    roi = charts.Series(
        [row["month"] for row in history],
        [_float(row["metric"]) for row in history],
        [_float(row["metric_low"]) for row in history],
        [_float(row["metric_high"]) for row in history],
        [("hurdle", float(dossier.now["hurdle"]))],
    )
    net = charts.Series(
        [row["month"] for row in money], [_float(row["cumulative_net_cash"]) for row in money]
    )
    drawn = {
        "roi": charts.svg(roi, "Return of running it, by month", is_percent=True),
        "net": charts.svg(net, "Value less everything paid, so far", is_percent=False),
    }
    return {name: Markup(markup) for name, markup in drawn.items()}  # noqa: S704


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
