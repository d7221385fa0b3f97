"""How much a result depends on each of its inputs (method §5.3).

Knows a result as a function of named numbers; not what they mean.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Inputs = Mapping[str, float]
Result = Callable[[Inputs], float]
Range = tuple[float, float]

SWING = 0.2  # how far a tornado moves an input, relatively
STEP = 1e-3  # relative step of an elasticity
SAME = 1e-9  # relative difference below which a function counts as a line


@dataclass(frozen=True, slots=True)
class Bar:
    """What a result becomes when one input is low and when it is high."""

    name: str
    low_input: float
    high_input: float
    low: float
    high: float


def tornado(
    result: Result, base: Inputs, ranges: Mapping[str, Range] | None = None, swing: float = SWING
) -> list[Bar]:
    """Each input alone moved down and up by `swing`, the widest effect first.

    `ranges` keeps an input in bounds: a share cannot be moved above 1.

    >>> [bar.name for bar in tornado(lambda x: x["a"] + 3 * x["b"], {"a": 1.0, "b": 1.0})]
    ['b', 'a']
    """
    bars = []
    for name, value in base.items():
        low, high = (_within(value * factor, name, ranges) for factor in (1 - swing, 1 + swing))
        ends = [result({**base, name: end}) for end in (low, high)]
        bars.append(Bar(name, low, high, *ends))
    return sorted(bars, key=lambda bar: (-abs(bar.high - bar.low), bar.name))


def grid(
    result: Result, base: Inputs, values: Mapping[str, Sequence[float]]
) -> list[tuple[Inputs, float]]:
    """The result for every combination of the values, in their order.

    >>> [worth for _, worth in grid(lambda x: x["a"] * x["b"], {"a": 1.0, "b": 2.0},
    ...                             {"a": [1.0, 2.0], "b": [3.0, 4.0]})]
    [3.0, 4.0, 6.0, 8.0]
    """
    cases = [dict(zip(values, case, strict=True)) for case in product(*values.values())]
    return [(case, result({**base, **case})) for case in cases]


def threshold_value(result: Result, base: Inputs, name: str, within: Range) -> float | None:
    """x* at which the result is 0, the other inputs as they are; None where no x in the range is.

    Closed form when the result is a line in x, bisection otherwise (method §5.3).

    >>> threshold_value(lambda x: 5 * x["price"] - 100, {"price": 40.0}, "price", (0.0, 1e6))
    20.0
    >>> threshold_value(lambda x: 5 * x["price"] + 1, {"price": 40.0}, "price", (0.0, 1e6)) is None
    True
    """

    def at(x: float) -> float:
        return result({**base, name: x})

    low, high = within
    start, middle, now = at(0.0), at(base[name] / 2), at(base[name])
    size = max(abs(start), abs(now), 1.0)
    if abs(start + now - 2 * middle) <= SAME * size:
        if start == now:
            return None
        found = base[name] * start / (start - now)
        return found if low <= found <= high else None
    return _bisect(at, low, high)


def elasticity(result: Result, base: Inputs, name: str) -> float | None:
    """Per cent of the result for one per cent of an input; None for a result of 0.

    >>> round(elasticity(lambda x: x["a"] ** 2, {"a": 3.0}, "a"), 6)
    2.0
    """
    now = result(base)
    if now == 0:
        return None
    up, down = (result({**base, name: base[name] * factor}) for factor in (1 + STEP, 1 - STEP))
    return (up - down) / now / (2 * STEP)


def _within(value: float, name: str, ranges: Mapping[str, Range] | None) -> float:
    low, high = (ranges or {}).get(name, (float("-inf"), float("inf")))
    return min(max(value, low), high)


def _bisect(at: Callable[[float], float], low: float, high: float) -> float | None:
    below, above = at(low), at(high)
    if below * above > 0:
        return None
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (at(middle) > 0) == (below > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2
