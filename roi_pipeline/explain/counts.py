"""Which predictions a published count counts, as conditions on the linked rows.

Knows the columns of the table `linked` (rows.py); counts nothing itself.
"""

from collections.abc import Mapping

_ACTED = "decision <> 'none' and status = 'ok'"
_LINKED = f"{_ACTED} and link = 'linked'"
_JUDGED = "status = 'ok' and link = 'linked'"
# Columns that count predictions: formula, section, and which rows count.
VALUE_COUNTS: Mapping[str, tuple[str, str, str]] = {
    "predictions": ("predictions of the month", "§3.1", "true"),
    "acted": ("predictions that something acted on", "§3.1", _ACTED),
    "linked": ("acted on, with an outcome inside the horizon", "§3.1", _LINKED),
    "matured": (
        "linked, and the horizon of their day has passed",
        "§3.1",
        f"{_LINKED} and day + horizon_days < as_of_on",
    ),
}
QUALITY_COUNTS: Mapping[str, tuple[str, str, str]] = {
    "n": ("predictions with a known outcome", "§4.2", _JUDGED),
    "tp": (
        "decided positive, and it was",
        "§4.2",
        f"{_JUDGED} and is_positive_decision and is_positive_outcome",
    ),
    "fp": (
        "decided positive, and it was not",
        "§4.2",
        f"{_JUDGED} and is_positive_decision and not is_positive_outcome",
    ),
    "fn": (
        "decided negative, and it was positive",
        "§4.2",
        f"{_JUDGED} and not is_positive_decision and is_positive_outcome",
    ),
    "tn": (
        "decided negative, and it was",
        "§4.2",
        f"{_JUDGED} and not is_positive_decision and not is_positive_outcome",
    ),
    "correct": (
        "decided rightly, or labelled rightly where no decision is positive",
        "§4.2",
        f"{_JUDGED} and coalesce(is_positive_decision = is_positive_outcome, is_correct)",
    ),
    "labelled": ("with a predicted label", "§4.2", f"{_JUDGED} and is_correct is not null"),
}


STATUS_COUNTS: Mapping[str, tuple[str, str, str]] = {
    "evidence_predictions": ("acted on, with an outcome inside the horizon", "§3.1, §6", _LINKED),
}
