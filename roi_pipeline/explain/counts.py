"""Which predictions a published count counts, by the names that engines/drill_through.py gives to
such conditions. Counts nothing itself.
"""

from collections.abc import Mapping

# Columns that count predictions: formula, section, and which rows count.
VALUE_COUNTS: Mapping[str, tuple[str, str, str]] = {
    "predictions": ("predictions of the month", "§3.1", "all"),
    "acted": ("predictions that something acted on", "§3.1", "acted"),
    "linked": ("acted on, with an outcome inside the horizon", "§3.1", "linked"),
    "matured": (
        "linked, and the horizon of their day has passed",
        "§3.1",
        "matured",
    ),
}
QUALITY_COUNTS: Mapping[str, tuple[str, str, str]] = {
    "n": ("predictions with a known outcome", "§4.2", "known"),
    "tp": (
        "decided positive, and it was",
        "§4.2",
        "true_positive",
    ),
    "fp": (
        "decided positive, and it was not",
        "§4.2",
        "false_positive",
    ),
    "fn": (
        "decided negative, and it was positive",
        "§4.2",
        "false_negative",
    ),
    "tn": (
        "decided negative, and it was",
        "§4.2",
        "true_negative",
    ),
    "correct": (
        "decided rightly, or labelled rightly where no decision is positive",
        "§4.2",
        "correct",
    ),
    "labelled": ("with a predicted label", "§4.2", "labelled"),
}


STATUS_COUNTS: Mapping[str, tuple[str, str, str]] = {
    "evidence_predictions": ("acted on, with an outcome inside the horizon", "§3.1, §6", "linked"),
}
