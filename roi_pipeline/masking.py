"""What must never be shown: passwords, keys, values of secret variables, and the data that the text
of an error may quote.

Knows how secrets look in text, which environment variables hold them, and which errors quote what
they read; knows no command.
"""

import builtins
import logging
import os
import re
import traceback
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
# Errors whose text speaks of code, settings or tables. The text of any other (ValueError, KeyError,
# DuckDB's conversions) may quote a value that was read.
_QUOTES_NOTHING = frozenset(
    (
        *("ArithmeticError", "AttributeError", "ImportError", "MemoryError", "NameError"),
        *("NotImplementedError", "OSError", "RecursionError", "RoiError"),
        *("BinderException", "CatalogException", "IOException", "OutOfMemoryException"),
        *("ParserException", "PermissionException"),
    )
)


def quotes_nothing(name: str) -> bool:
    """Whether an error of the class of this name has a text that cannot quote delivered data; one
    of Python's own counts as what it derives from.

    >>> quotes_nothing("FileExistsError"), quotes_nothing("BinderException")
    (True, True)
    >>> quotes_nothing("KeyError"), quotes_nothing("ConversionException")
    (False, False)
    """
    kind = getattr(builtins, name, None)
    names = {each.__name__ for each in kind.__mro__} if isinstance(kind, type) else {name}
    return not _QUOTES_NOTHING.isdisjoint(names)


def described(error: BaseException) -> str:
    """The kind of an error, with its first line only where that cannot quote delivered data.

    >>> described(ZeroDivisionError("division by zero")), described(ValueError("jane@example.com"))
    ('ZeroDivisionError: division by zero', 'ValueError')
    >>> described(FileNotFoundError(2, "No such file or directory", "/srv/a"))
    'FileNotFoundError: No such file or directory: /srv/a'
    """
    name, kinds = type(error).__name__, [kind.__name__ for kind in type(error).__mro__]
    if isinstance(error, OSError):
        said = ": ".join(str(part) for part in (error.strerror, error.filename) if part)
    else:
        said = (
            next(iter(str(error).strip().splitlines()), "")
            if any(map(quotes_nothing, kinds))
            else ""
        )
    return masked(printable(f"{name}: {said}" if said else name))


def traceback_without_data(error: BaseException) -> str:
    """Where an error and those behind it were raised, oldest first, each as `described`."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = masked("".join(traceback.format_tb(error.__traceback__)))
    own = f"Traceback (most recent call last):\n{frames}{described(error)}\n"
    return f"{traceback_without_data(before)}\nthen\n\n{own}" if before else own


def printable(text: str) -> str:
    r"""Text that can be shown and stored as UTF-8; what cannot is written as an escape.

    >>> printable("caf\udce9.csv")
    'caf\\udce9.csv'
    """
    return text.encode("utf-8", "backslashreplace").decode()


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
