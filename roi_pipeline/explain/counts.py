"""Which predictions a published count counts, by the names that engines/drill_through.py gives to
such conditions. Counts nothing itself.
"""

from collections.abc import Mapping

VALUE_COUNTS: Mapping[str, str] = {
    "predictions": "all",
    "acted": "acted",
    "linked": "linked",
    "matured": "matured",
}
QUALITY_COUNTS: Mapping[str, str] = {
    "n": "known",
    "tp": "true_positive",
    "fp": "false_positive",
    "fn": "false_negative",
    "tn": "true_negative",
    "correct": "correct",
    "labelled": "labelled",
}
STATUS_COUNTS: Mapping[str, str] = {"evidence_predictions": "linked"}
