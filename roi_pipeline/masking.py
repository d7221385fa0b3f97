"""What must never be shown: passwords in addresses, keys, and the values of secret variables.

Knows how secrets look in text and which environment variables hold them; knows no command.
"""

import logging
import os
import re
from collections.abc import Mapping

HIDDEN = "***"
SHORTEST = 6  # a shorter value is no secret, and would hide ordinary words

_VARIABLE = re.compile(
    r"(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|DSN|_KEY$|^PG.*PASS|CONNECTION|DATABASE_URL|WEBHOOK)"
)
_PATTERNS = (
    re.compile(r"(?<=://)[^/\s:@]*:[^@\s]+(?=@)"),  # user:password in an address
    re.compile(
        r"(?i)(?<![a-z])(?:[a-z_]*(?:password|passwd|pwd|secret|token|api_?key|access_?key))"
        r"\s*[=:]\s*['\"]?([^\s'\",;&]{3,})"
    ),
    re.compile(r"(?i)\bbearer\s+([\w.~+/=-]{8,})"),
    re.compile(r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b"),
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----)"),
)


def masked(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text with every secret in it replaced by ***.

    >>> masked("cannot reach postgresql://bi:hunter2@db/roi", {})
    'cannot reach postgresql://***@db/roi'
    >>> masked("signed with 0123456789ab", {"ROI_PII_KEY": "0123456789ab"})
    'signed with ***'
    """
    for secret in _secrets(os.environ if environment is None else environment):
        text = text.replace(secret, HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(_hide, text)
    return text


class Masking(logging.Filter):
    """Hides secrets in everything that is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with its text masked."""
        record.msg, record.args = masked(record.getMessage()), None
        return True


def _secrets(environment: Mapping[str, str]) -> list[str]:
    """The longest first, so that no part of one is left over."""
    found = {
        value
        for name, value in environment.items()
        if _VARIABLE.search(name.upper()) and len(value) >= SHORTEST
    }
    return sorted(found, key=lambda value: (-len(value), value))


def _hide(match: re.Match[str]) -> str:
    """Only the secret itself goes, so that the message still says what it was about."""
    secret = match[match.lastindex or 0]
    return match[0].replace(secret, HIDDEN)
