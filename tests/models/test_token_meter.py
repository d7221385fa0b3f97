"""Each kind of token on a bill has one meter, from what the bill states of it."""

import json
from collections.abc import Iterator

import duckdb
import pytest

from roi_pipeline import workbench

AI = "AI and Machine Learning"
NAMES = {  # names of meters, types and line items as providers write them
    "uncached_input_tokens": "input",
    "Uncached Input Tokens": "input",
    "uncachedInputTokens": "input",
    "Non-Cached Prompt Tokens": "input",
    "un-cached input": "input",
    "Prompt Tokens (no cache)": "input",
    "prompt_cache_miss_tokens": "input",
    "Uncached Tokens": "input",
    "model-x-2026-08-06, input": "input",
    "USE1-ModelLite-input-tokens": "input",
    "USE1-MP:USE1_InputTokenCount-Units": "input",
    "model 4o 0806 Inp glbl Tokens": "input",
    "Model 2.5 Pro Text Input Tokens, prompts over 200k": "input",
    "Input token count of a long output": "input",
    "model-4-reasoning Input Tokens": "input",
    "cache_read_input_tokens": "cached",
    "Cache Read Input Tokens": "cached",
    "Input Cache": "cached",
    "model-x, cached input": "cached",
    "USE1-MP:USE1_CacheReadInputTokenCount-Units": "cached",
    "USE1-ModelPro-cache-read-input-token-count": "cached",
    "model 5 cchd inp Glbl Tokens": "cached",
    "prompt_cache_hit_tokens": "cached",
    "Input tokens, text caching": "cached",
    "Cached Tokens": "cached",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write",
    "Cache Write Input Tokens": "cache_write",
    "USE1-MP:USE1_CacheWriteInputTokenCount-Units": "cache_write",
    "Prompt Caching Writes, tokens": "cache_write",
    "output_tokens": "output",
    "Output Tokens": "output",
    "Uncached Output Tokens": "output",
    "model-x, output": "output",
    "completion_tokens": "output",
    "USE1-MP:USE1_OutputTokenCount-Units": "output",
    "model 4.1 opt Glbl Tokens": "output",
    "model 4o Outp Data Zone Tokens": "output",
    "Output token count for long input": "output",
    "Model K2 Thinking Output Tokens": "output",
    "Output Cache": "cached_output",
    "Cached Output Tokens": "cached_output",
    "Reasoning Tokens": "reasoning",
    "reasoning_tokens": "reasoning",
    "Reasoning Output Tokens": "reasoning",
    "completion_tokens_details.reasoning_tokens": "reasoning",
    "model-x, reasoning tokens": "reasoning",
    "Input/Output Tokens": None,
    "Tokens": None,
    "Cached Content Storage Token Hours": None,
    "model-x training": None,
}
DETAILS = [
    ({"TokenDirection": "Input", "TokenCacheAction": "Uncached"}, "input"),
    ({"TokenDirection": "Input", "TokenCacheAction": "Read"}, "cached"),
    ({"TokenDirection": "Input", "TokenCacheAction": "Write"}, "cache_write"),
    ({"TokenDirection": "Output"}, "output"),
    ({"TokenDirection": "Output", "TokenCacheAction": "Read"}, "cached_output"),
    ({"TokenCacheAction": "Uncached"}, "input"),
    ({"TokenType": "uncached_input_tokens"}, "input"),
    ({"TokenType": "cache_read_input_tokens"}, "cached"),
    ({"TokenType": "Reasoning"}, "reasoning"),
]


@pytest.fixture(scope="module")
def opened() -> duckdb.DuckDBPyConnection:
    con, found = workbench.empty()
    workbench.open_books(con, found, ["token_meter", "ledger_cost"])
    return con


@pytest.fixture
def books(opened: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    opened.execute("begin")
    yield opened
    opened.execute("rollback")


def meters(con: duckdb.DuckDBPyConnection, **line: str | None) -> list[str | None]:
    """The meters of a billing line: one, or none where it does not charge for tokens."""
    workbench.give(con, "billing", [line])
    return [row[0] for row in con.execute("select meter from token_meter").fetchall()]


@pytest.mark.parametrize("unit", ["Tokens", "1K tokens", None])
@pytest.mark.parametrize("name", NAMES)
def test_meter_by_its_name(books: duckdb.DuckDBPyConnection, name: str, unit: str | None) -> None:
    line = {"sku_meter": name, "consumed_unit": unit, "service_category": AI}
    assert (meters(books, **line) or [None]) == [NAMES[name]]


@pytest.mark.parametrize(
    "meter", ["Input Tokens", "Output Tokens", "Cached Tokens", "Tokens", None]
)
@pytest.mark.parametrize(("details", "expected"), DETAILS, ids=str)
def test_what_a_bill_states_comes_before_the_name(
    books: duckdb.DuckDBPyConnection, details: dict[str, str], expected: str, meter: str | None
) -> None:
    if details == {"TokenDirection": "Output"} and meter == "Cached Tokens":
        expected = "cached_output"  # of the cache the bill states nothing but by the name
    line = {"sku_meter": meter, "sku_price_details": json.dumps(details), "consumed_unit": "Tokens"}
    assert meters(books, **line) == [expected]


@pytest.mark.parametrize("details", ["", "not json", "[1]", '{"TokenType": "standard"}'])
def test_details_that_state_no_token_type_leave_the_name(
    books: duckdb.DuckDBPyConnection, details: str
) -> None:
    line = {"sku_meter": "Input Tokens", "sku_price_details": details, "consumed_unit": "Tokens"}
    assert meters(books, **line) == ["input"]


@pytest.mark.parametrize(
    "line",
    [
        {"sku_meter": "C1 Cache Output", "service_category": "Databases"},
        {"sku_meter": "C1 Cache", "service_category": AI},
        {
            "sku_meter": "Cache Node Output",
            "service_category": "Databases",
            "consumed_unit": "Hours",
        },
        {"sku_meter": "DataTransfer-Out-Bytes", "consumed_unit": "GB"},
        {"sku_meter": "Input Events", "service_category": "Analytics", "consumed_unit": "Units"},
        {"sku_meter": "Text Input", "service_category": AI, "consumed_unit": "Characters"},
        {"sku_meter": "Cached Tokens", "service_category": AI, "consumed_unit": "Token Hours"},
    ],
    ids=lambda line: line["sku_meter"],
)
def test_what_is_no_token_has_no_meter(
    books: duckdb.DuckDBPyConnection, line: dict[str, str]
) -> None:
    assert meters(books, **line) == []


def test_a_line_is_joined_to_one_meter(books: duckdb.DuckDBPyConnection) -> None:
    """Whatever is empty of it, a billing line stays one line of the charge."""
    columns = ("sku_meter", "sku_price_details", "consumed_unit", "service_category")
    values = ("Input Tokens", '{"TokenType": "Input"}', "Tokens", AI)
    lines = [
        {
            column: value
            for k, (column, value) in enumerate(zip(columns, values, strict=True))
            if mask >> k & 1
        }
        | {"row_no": mask}
        for mask in range(16)
    ]
    workbench.give(books, "billing", lines)
    found = books.execute(
        "select count(*), count(distinct row_no) from billing left join token_meter as t on "
        + " and ".join(f"t.{column} is not distinct from billing.{column}" for column in columns)
    )
    assert found.fetchall() == [(16, 16)]
