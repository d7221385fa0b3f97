"""What people write by hand: the rules for single values, and how a mistake is told.

Knows text, YAML and the shape of pydantic's complaints. Knows no key of portfolio.yaml: every rule
takes a value and gives it back, or raises ValueError whose text is the remedy.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic_core import ErrorDetails

from roi_pipeline.errors import ConfigurationError

RESERVED_IDS = ("portfolio", "unallocated")
MAX_BYTES = 1_000_000
# ISO 4217, active; no fund or metal codes
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
    KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())


class MistakeError(ValueError):
    """A remedy for a value that lies at `where` below the field that was validated."""

    def __init__(self, where: str, value: object, remedy: str) -> None:
        super().__init__(remedy)
        self.where, self.value = where, value


def identifier(text: str) -> str:
    if text in RESERVED_IDS:
        raise ValueError("this id is reserved for the totals; choose another")
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,62}", text):
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-0123456789")[:40]
        usable = len(slug) > 1 and slug not in RESERVED_IDS
        raise ValueError(
            "use lower case letters, digits and -, a letter first, 2 to 63 characters, "
            f"e.g. {slug if usable else 'card-fraud'!r}"
        )
    return text


def title(text: str) -> str:
    if ".." in text or not re.fullmatch(r"[^\x00-\x1f\x7f<>@\\]{1,100}", text):
        raise ValueError("use 1 to 100 characters without < > @ \\ or '..' (a title, not a path)")
    return text


def currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError("use an ISO 4217 code in capitals, e.g. USD or EUR")
    return text


def zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("use an IANA time zone, e.g. UTC or America/New_York") from None
    return text


def day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("write a date as YYYY-MM-DD, e.g. 2026-01-31")


def path(text: str) -> str:
    parts = urlsplit(text)
    if parts.password or re.search(r"(?i)(secret|token|password|signature|sig)=", text):
        raise ValueError("take the password out; credentials come from the environment")
    if not text.strip() or "\x00" in text:
        raise ValueError("name a file or a pattern, e.g. inbox/billing/*.csv.gz")
    if "://" in text or text.startswith("/"):
        return text
    depth = 0
    for part in PurePosixPath(text).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise ValueError(
                "a relative path stays inside the portfolio; write the absolute path instead"
            )
    return text


def memory(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*(\.\d+)? ?([KMGT]i?B)", text):
        raise ValueError("write an amount of memory, e.g. 4GB or 512MB")
    return text


def engine(name: object) -> object:
    if name == "spark":
        raise ValueError("not available yet; use duckdb")
    return name


def one_of(name: str, allowed: Iterable[str]) -> str:
    """`name` when it is allowed."""
    allowed = tuple(allowed)
    if name not in allowed:
        raise ValueError(choices(name, allowed))
    return name


def choices(name: str, allowed: Iterable[str]) -> str:
    """The remedy for an unknown name.

    >>> choices("outcome", ["predictions", "outcomes"])
    "use one of predictions, outcomes; did you mean 'outcomes'?"
    """
    allowed = tuple(allowed)
    near = get_close_matches(name, allowed, n=1)
    return f"use one of {', '.join(allowed)}" + (f"; did you mean {near[0]!r}?" if near else "")


def refuse_twice(ids: list[str]) -> None:
    """Raise MistakeError at the first id that stands there a second time."""
    for position, found in enumerate(ids):
        if found in ids[:position]:
            first = ids.index(found)
            raise MistakeError(
                f"[{position}].id", found, f"[{first}] has this id already; choose another"
            )


def steady(pattern: str) -> Path:
    """The folder above the first wildcard of an absolute path.

    >>> steady("/data/bills/*/*.csv").as_posix()
    '/data/bills'
    """
    whole = Path(pattern)
    for folder in reversed(whole.parents):
        if re.search(r"[*?\[]", folder.name):
            return folder.parent
    return whole.parent


def read_yaml(file: Path) -> dict[str, Any]:
    """The keys and values of a YAML file of one mapping; no tag is ever executed.

    Raises ConfigurationError for a missing or unreadable file, a tag, or a key that stands twice.
    """
    if not file.is_file():
        raise ConfigurationError(
            f"{file}: no such file; run 'roi-pipeline init {file.parent}', or name the folder "
            "with --portfolio"
        )
    if file.stat().st_size > MAX_BYTES:
        raise ConfigurationError(f"{file}: larger than 1 MB; a portfolio file is written by hand")
    try:
        text = file.read_bytes().decode("utf-8").removeprefix("\ufeff")
        _refuse_keys_twice(yaml.compose(text, Loader=yaml.SafeLoader), file)
        given = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{file}: byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}: {_where_in(error)}") from None
    if not isinstance(given, dict):
        raise ConfigurationError(f"{file}: write 'key: value' lines, as 'roi-pipeline init' does")
    return given


def _where_in(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not valid YAML"
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{problem}; write plain YAML (text, numbers, dates, lists), no tags"


def _refuse_keys_twice(root: yaml.Node | None, file: Path) -> None:
    """YAML keeps the last of two equal keys, and a system would vanish without a word."""
    seen: set[int] = set()
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if str(key.value) in keys:
                    line = key.start_mark.line + 1
                    raise ConfigurationError(
                        f"{file}: line {line}: key {key.value!r} stands there twice; keep one"
                    )
                keys.add(str(key.value))
                nodes.append(value)


def told(
    detail: ErrorDetails,
    allowed: Mapping[str, tuple[str, ...]],
    not_yet: Mapping[str, str] | None = None,
) -> str:
    """One complaint of pydantic as `key path value: remedy`.

    `allowed` gives the keys that may stand under a key path without its positions (`systems[]`),
    `not_yet` the remedies for documented keys that nothing reads.
    """
    where = _key_path(detail["loc"])
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return f"{where}: missing; add it"
    if kind == "extra_forbidden":
        if where in (not_yet or {}):
            return f"{where}: {(not_yet or {})[where]}"
        parent = re.sub(r"\[\d+\]", "[]", _key_path(detail["loc"][:-1]))
        return f"{where}: unknown key; {choices(str(detail['loc'][-1]), allowed.get(parent, ()))}"
    mistake = detail.get("ctx", {}).get("error")
    if isinstance(mistake, MistakeError):
        return f"{where}{mistake.where} {_shown(mistake.value)}: {mistake}"
    remedy = str(mistake) if mistake else _remedy(detail)
    return f"{where} {_shown(value)}: {remedy}"


def _remedy(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    plain = {
        "string_type": "write text; put it in quotes",
        "bool_type": "write true or false",
        "tuple_type": "write a list, e.g. [block]",
        "model_type": "write 'key: value' lines below it",
        "too_short": "name at least one",
    }
    if detail["type"] == "literal_error":
        return choices(str(detail["input"]), re.findall(r"'([^']+)'", str(context["expected"])))
    return plain.get(detail["type"]) or detail["msg"][:1].lower() + detail["msg"][1:]


def _key_path(loc: tuple[int | str, ...]) -> str:
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _shown(value: object) -> str:
    """A value as the message shows it: short, and never a connection or a password."""
    text = str(value) if isinstance(value, date) else repr(value)
    if re.search(r"://[^/]*@|(?i:secret|token|passw|sig)\w*=", text):
        return "(not shown)"
    return text if len(text) <= 80 else f"{text[:77]}..."
