"""SQL over the text of a bill's cell: days as their countries write them, months, lists of pairs.

Every function takes SQL and gives SQL. Text that cannot be read stays as it is, so that the cast
that follows finds it and names the row; a number that cannot be read is null, and the row is put
aside for lacking it.
"""

EXACT = "DECIMAL(38,24)"  # wide enough that landing can say which digits it cut off


def iso_day(text: str) -> str:
    """`9/2/2023` as `2023-09-02`: month, day, year; ISO text as it is."""
    return f"coalesce(strftime(try_strptime({text}, '%m/%d/%Y'), '%Y-%m-%d'), {text})"


def day_after(text: str) -> str:
    """The day after a day that includes itself: FOCUS periods end before their end."""
    return _moved(text, "+ interval 1 day")


def month_of(text: str) -> str:
    """The first day of the month of an instant or a day."""
    return f"left({iso_day(text)}, 7) || '-01'"


def month_after(text: str) -> str:
    """The first day of the month after that of an instant or a day."""
    return _moved(f"({month_of(text)})", "+ interval 1 month")


def number(text: str) -> str:
    """Exact text as a number; null where it is none."""
    return f"case when not contains({text}, '_') then try_cast({text} as {EXACT}) end"


def sum_of(text: str, key: str) -> str:
    """The sum of a number that stands under `key` in every object of a list.

    The list may be JSON or, as scripts dump it, Python with single quotes. Null where one of the
    numbers cannot be read.
    """
    found = f"""regexp_extract_all({text}, '["'']{key}["'']\\s*:\\s*["'']?([^,"''}}\\s]+)', 1)"""
    numbers = f"list_transform({found}, lambda one: {number('one')})"
    whole = f"list_count({numbers}) = len({numbers})"
    return (
        f"case when {text} is null then 0 when {whole} "
        f"then coalesce(list_sum({numbers}), 0) end::{EXACT}"
    )


def pairs(text: str) -> str:
    """A list of `{key, value}` objects, in JSON or Python's spelling, as one JSON object; what is
    an object already, as a map of Parquet is, stays as it is."""
    keys, values = (
        f"""regexp_extract_all({text}, '["'']{name}["'']\\s*:\\s*["'']([^"'']*)["'']', 1)"""
        for name in ("key", "value")
    )
    one = "to_json(pair[1])::varchar || ':' || to_json(pair[2])::varchar"
    each = f"list_transform(list_zip({keys}, {values}), lambda pair: {one})"
    is_whole = f"len({keys}) > 0 and len({keys}) = len({values})"
    is_object = f"case when json_valid({text}) then json_type({text}) end = 'OBJECT'"
    return (
        f"case when {is_object} then {text} "
        f"when {is_whole} then '{{' || array_to_string({each}, ',') || '}}' end"
    )


def _moved(text: str, by: str) -> str:
    day = iso_day(text)
    return f"coalesce(strftime(try_cast({day} as timestamp) {by}, '%Y-%m-%d'), {text})"
