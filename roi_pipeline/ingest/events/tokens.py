"""The tokens of a call as the contract counts them: what was read from a cache is not input.

OpenAI's API, and those that copy it, count cached tokens among the input tokens; Anthropic's counts
neither cache reads nor cache writes among them. Writes are input that was not read from a cache.
Knows the words of payloads; a number is still text.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from roi_pipeline.ingest.events.shape import FAULT, Record, first, found, text

TOO_MANY = "cached_tokens above input_tokens that include them"


def usage(payload: Any) -> dict[str, str]:
    """The tokens that a model's answer states, in the words of either API family.

    >>> usage({"usage": {"prompt_tokens": "9", "completion_tokens": "4",
    ...     "prompt_tokens_details": {"cached_tokens": "2"}}})
    {'input_tokens': '7', 'cached_tokens': '2', 'output_tokens': '4'}
    >>> usage({"usage": {"input_tokens": "5", "cache_creation_input_tokens": "2",
    ...     "cache_read_input_tokens": "2", "output_tokens": "4"}})
    {'input_tokens': '7', 'cached_tokens': '2', 'output_tokens': '4'}
    """
    stated = found(payload.get("usage")) if isinstance(payload, dict) else {}
    output = text(first(stated, "completion_tokens", "output_tokens"))
    given, cached = text(first(stated, "prompt_tokens", "input_tokens")), cached_of(stated)
    if excludes_cached(stated):
        written = text(stated.get("cache_creation_input_tokens"))
        counts = {"input_tokens": _sum(given, written), "cached_tokens": cached}
    else:
        counts = without_cached(given, cached)
    return {name: count for name, count in (counts | {"output_tokens": output}).items() if count}


def cached_of(stated: Record) -> str:
    """The tokens read from a cache, by the names of any API.

    >>> cached_of({"input_tokens_details": {"cached_tokens": "2"}}), cached_of({})
    ('2', '')
    """
    for key in ("prompt_tokens_details", "input_tokens_details"):
        if (cached := found(stated.get(key)).get("cached_tokens")) not in (None, ""):
            return text(cached)
    return text(first(stated, "cache_read_input_tokens", "prompt_cache_hit_tokens"))


def excludes_cached(stated: Record) -> bool:
    """Whether input tokens are stated without cached ones: Anthropic's words and none of OpenAI's.

    >>> excludes_cached({"input_tokens": "5", "cache_read_input_tokens": "2"})
    True
    >>> excludes_cached({"prompt_tokens": "5", "cache_read_input_tokens": "2"})
    False
    """
    of_anthropic = {"cache_read_input_tokens", "cache_creation_input_tokens"} & stated.keys()
    return bool(of_anthropic) and not {"prompt_tokens", "input_tokens_details"} & stated.keys()


def without_cached(given: str, cached: str) -> dict[str, str]:
    """Input tokens less the cached ones among them; a fault of the row where there are more.

    What is no whole number stays as it is: the cast that follows finds it.

    >>> without_cached("9", "2"), without_cached("9", ""), without_cached("many", "2")
    ({'input_tokens': '7', 'cached_tokens': '2'}, {'input_tokens': '9', 'cached_tokens': ''}, \
{'input_tokens': 'many', 'cached_tokens': '2'})
    >>> without_cached("2", "9")[FAULT]
    'cached_tokens above input_tokens that include them'
    """
    stated: dict[str, str] = {"input_tokens": given, "cached_tokens": cached}
    whole, part = _count(given), _count(cached)
    if whole is None or part is None:
        return stated
    if part > whole:
        return stated | {FAULT: TOO_MANY}
    return stated | {"input_tokens": f"{whole - part}"}


def _sum(*counts: str) -> str:
    """The sum of counts; the first as it is where one of them is none."""
    numbers = [_count(count or "0") for count in counts]
    known = [number for number in numbers if number is not None]
    return f"{sum(known)}" if counts[0] and len(known) == len(numbers) else counts[0]


def _count(word: str) -> int | None:
    """A count of tokens, or None for what is none."""
    try:
        number = Decimal(word)
    except InvalidOperation:
        return None
    is_count = number.is_finite() and number >= 0 and number == number.to_integral_value()
    return int(number) if is_count and abs(number.adjusted()) < 19 else None


def fault_of(row: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    """Why a row cannot be used; nothing where the source maps its tokens itself."""
    counted = {"input_tokens", "cached_tokens"} <= set(columns)
    return text(row.get(FAULT)) if counted else ""
