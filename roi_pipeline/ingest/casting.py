"""How a value in a file becomes a typed value, as SQL: strict, exact, and null when it cannot.

Knows DuckDB's types and where its casts are too lenient. Takes only names of our own; every value
of a user arrives as a bound parameter. A result is null for a value that cannot be read, which is
how a row's fault is seen.
"""

import re

from roi_pipeline.ingest.columns import DAY, FLAG, INSTANT, JSON, REAL, TEXT, WHOLE, Column

UUID = "UUID"
_FLOATS = ("DOUBLE", "FLOAT")
_NAIVE = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
_UNDERSTOOD = {
    INSTANT: (*_NAIVE, "TIMESTAMP WITH TIME ZONE"),
    DAY: _NAIVE,
}
_MINUTES = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"
_SECONDS = rf"{_MINUTES}:\d\d([.]\d+)?"
_OFFSET = r"(Z|[+-]\d\d(:?\d\d)?)"


def is_naive(kind: str) -> bool:
    """Whether a native type is a time that carries no zone."""
    return kind in _NAIVE


def decimal_of(kind: str) -> tuple[int, int] | None:
    """Precision and scale of a DECIMAL type, else None.

    >>> decimal_of("DECIMAL(38,18)"), decimal_of("DOUBLE")
    ((38, 18), None)
    """
    found = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind)
    return (int(found[1]), int(found[2])) if found else None


def typed(column: Column, raw: str, kind: str, zone: str | None) -> str:
    """SQL that reads `raw`, of native type `kind`, as the column's type.

    `zone` is that of times without an offset; it must be UTC or arrive as the parameter $zone.
    """
    if column.type == TEXT:
        return raw if column.is_id and kind == UUID else _text(raw, kind)
    if column.type == INSTANT:
        return _instant(raw, kind, zone)
    if column.type == DAY:
        return _day(raw, kind)
    if column.type == JSON:
        return _json(raw, kind)
    if column.type == FLAG:
        return _flag(raw, kind)
    if column.type == WHOLE:
        return _whole(raw, kind)
    return _real(raw, kind) if column.type == REAL else _decimal(raw, kind, column.type)


def _text(raw: str, kind: str) -> str:
    """A float that is a whole number is an integer that a data frame widened: no `.0`."""
    if kind == TEXT:
        return raw
    if kind in _FLOATS:
        whole = f"{raw} = trunc({raw}) and abs({raw}) < 1e15"
        finite = f"when isfinite({raw}) then {raw}::varchar"
        return f"case when {whole} then {raw}::bigint::varchar {finite} end"
    return f"try_cast({raw} as varchar)"


def _instant(raw: str, kind: str, zone: str | None) -> str:
    """UTC as TIMESTAMP. DuckDB's own cast ignores an offset, so only `…Z` goes that way."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({raw}))"
    if is_naive(kind):
        return _zoned(f"{raw}::timestamp", zone)
    if kind != TEXT:
        return "null::timestamp"
    stamp, whole = f"try_cast({raw} as timestamp)", f"left({raw}, 16) || ':00' || substr({raw}, 17)"
    branches = [(f"{raw} like '____-__-_____:__:__%Z'", stamp)]
    if zone:
        branches.append((f"{raw} like '____-__-_____:__:__'", _zoned(stamp, zone)))
    branches += [
        (_matches(raw, _SECONDS + _OFFSET), _offset(raw)),
        (_matches(raw, _MINUTES + _OFFSET), _offset(whole)),  # ISO, but not to DuckDB
    ]
    if zone:
        branches += [
            (_matches(raw, _SECONDS), _zoned(stamp, zone)),
            (_matches(raw, _MINUTES), _zoned(f"try_cast({whole} as timestamp)", zone)),
            (f"{raw} like '____-__-__'", _zoned(stamp, zone)),
        ]
    return "case " + " ".join(f"when {test} then {value}" for test, value in branches) + " end"


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_full_match({raw}, '{pattern}')"


def _offset(text: str) -> str:
    return f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"


def _zoned(stamp: str, zone: str | None) -> str:
    return stamp if zone == "UTC" else f"make_timestamp(epoch_us(timezone($zone, {stamp})))"


def _day(raw: str, kind: str) -> str:
    if kind == DAY:
        return raw
    if is_naive(kind):
        return f"case when {raw} = date_trunc('day', {raw}) then {raw}::date end"
    if kind != TEXT:
        return "null::date"
    return f"case when {raw} like '____-__-__' then try_cast({raw} as date) end"


def _json(raw: str, kind: str) -> str:
    """Tags without braces, as Azure writes them, get theirs; other text is kept as a JSON text,
    since a bill's money must not go missing for its tags."""
    if kind != TEXT:
        return f"to_json({raw})"
    braced = f"'{{' || {raw} || '}}'"
    return (
        f"case when json_valid({raw}) then {raw}::json "
        f"when {raw} is not null and json_valid({braced}) then ({braced})::json "
        f"else to_json({raw}) end"
    )


def _flag(raw: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return raw
    word = f"case lower({raw}::varchar)"
    yes, no = "when 'true' then true when 'yes' then true when '1' then true", "when 'false' then"
    return f"{word} {yes} {no} false when 'no' then false when '0' then false end"


def _whole(raw: str, kind: str) -> str:
    """DuckDB would round 1.5 to 2; a count is whole or it is not read."""
    if kind == TEXT:
        is_whole = f"regexp_full_match({raw}, '[+-]?[0-9]+([.]0*)?')"
        return f"case when {is_whole} then try_cast({raw} as bigint) end"
    if kind in _FLOATS or decimal_of(kind):
        return f"case when {raw} = trunc({raw}) then try_cast({raw} as bigint) end"
    return f"try_cast({raw} as bigint)"


def _real(raw: str, kind: str) -> str:
    number = f"try_cast({raw} as double)"
    if kind == TEXT:
        return f"case when isfinite({number}) and not contains({raw}, '_') then {number} end"
    return f"case when isfinite({raw}) then {raw}::double end" if kind in _FLOATS else number


def _decimal(raw: str, kind: str, wanted: str) -> str:
    precision, scale = decimal_of(wanted) or (38, 18)
    if kind in _FLOATS:
        # The shortest text of a float is the number a person wrote; its binary value is not.
        if precision > 18:
            return _parsed(f"{raw}::varchar", wanted)
        return f"try_cast({raw}{'::varchar' if kind == 'FLOAT' else ''} as {wanted})"
    if kind != TEXT:
        return f"try_cast({raw} as {wanted})"
    if precision <= 18:
        return f"case when not contains({raw}, '_') then try_cast({raw} as {wanted}) end"
    return _dollars(raw, wanted) if scale == 18 else _parsed(raw, wanted)


def _parsed(raw: str, wanted: str) -> str:
    """Exact text to a wide decimal. DuckDB 1.5 takes 3 µs a digit before the point, so numbers
    that fit go through 64 bits: at once where they are short, else whole and fraction apart."""
    decimals = f"strlen({raw}) - strpos({raw}, '.')"
    short = f"case when {decimals} <= 12 then try_cast({raw} as decimal(18,12)) end"
    whole = f"try_cast(split_part({raw}, '.', 1) as bigint)::{wanted}"
    sign = f"case when starts_with({raw}, '-') then '-0.' else '0.' end"
    after = f"substr({raw}, strpos({raw}, '.') + 1)"
    fraction = f"try_cast({sign} || {after} as decimal(18,18))::{wanted}"
    _, scale = decimal_of(wanted) or (38, 18)
    fits = f"contains({raw}, '.') and not contains({raw}, ' ') and {decimals} <= {scale}"
    apart = f"case when {fits} then try_cast({whole} + {fraction} as {wanted}) end"
    return (
        f"case when contains({raw}, '_') then null "
        f"when contains({raw}, 'e') or contains({raw}, 'E') then try_cast({raw} as {wanted}) "
        f"else coalesce({short}::{wanted}, {apart}, try_cast({raw} as {wanted})) end"
    )


def _dollars(raw: str, wanted: str) -> str:
    """Bills only: `$10,000.00 `. Without the sign a comma may be a decimal comma: not read."""
    signed = r"\s*-?[$]-?[0-9]{1,3}(,?[0-9]{3})*([.][0-9]+)?\s*"
    bare = f"regexp_replace({raw}, '[$,\\s]', '', 'g')"
    return (
        f"coalesce({_parsed(raw, wanted)}, "
        f"case when regexp_full_match({raw}, '{signed}') then try_cast({bare} as {wanted}) end)"
    )


def residue(raw: str, kind: str, value: str, wanted: str) -> str | None:
    """SQL of the digits that landing as `wanted` cut off, or None where none can be."""
    _, scale = decimal_of(wanted) or (38, 18)
    native = decimal_of(kind)
    if native and native[1] > scale:
        return f"{raw}::decimal(38,24) - {value}"
    if kind != TEXT:
        return None
    longer = f"strlen({raw}) - strpos({raw}, '.') > {scale} or contains(lower({raw}), 'e')"
    return (
        f"case when {longer} then try_cast({raw} as decimal(38,24)) - {value}::decimal(38,24) end"
    )


def readable_type(column: Column, kind: str) -> bool:
    """Whether a column of native type `kind` can be read as the contract's type at all."""
    if kind == TEXT or column.type not in _UNDERSTOOD:
        return True
    return kind in _UNDERSTOOD[column.type]
