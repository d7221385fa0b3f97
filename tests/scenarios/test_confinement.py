"""A portfolio's own SQL is one SELECT over named tables: nothing it says reaches a file, a setting
or another table, in `doctor` and in a run alike (promises 28, 29 and 45)."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from small_portfolio import small_portfolio

from roi_pipeline import own_sql, workbench
from roi_pipeline.cli import main
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models import registry, sql_models
from roi_pipeline.scenario_examination import own_scenarios

OWN = Path(__file__).with_name("document_processing.sql")
SECRET = "s3cr3t-cell"  # noqa: S105  in a file outside the portfolio, and in the environment
HEADER = "-- Claims, by the case.\n-- grain: cell_id, driver\n"
LINES = (
    "select cell_id, 'claim' as driver, 'claim' as priced_as, 'case' as unit, 'case' as measure, "
    "cast(1 as decimal(18, 9)) as factor, 'direct' as category from value_cell"
)


def lines(driver: str, source: str = "value_cell") -> str:
    """A scenario that is right but for what it says as a driver, or reads from."""
    return LINES.replace("'claim' as driver", f"{driver} as driver").replace("value_cell", source)


FUNCTIONS = {
    f"function {call.partition('(')[0]}": lines(call)
    for call in (
        "getenv('ROI_TEST_SECRET')",
        "(select content from read_text('{outside}/secret.csv'))",
        "current_setting('temp_directory')",
        "query('select 1')",
        "json_execute_serialized_sql('x')",
        "nextval('x')",
        "txid_current()::varchar",
        "random()::varchar",
        "uuid()::varchar",
        "now()::varchar",
        "version()",
        "current_database()",
        "main.getenv('ROI_TEST_SECRET')",
        "pg_catalog.current_setting('home_directory')",
        "system.main.getenv('ROI_TEST_SECRET')",
        "\"GetEnv\"('ROI_TEST_SECRET')",
        "'ROI_TEST_SECRET'.getenv()",
        "list_transform(['ROI_TEST_SECRET'], x -> getenv(x))[1]",
        "getvariable('x')",
        "repeat('x', 1000000000)",
        "current_timestamp::varchar",
        "current_user",
        "localtimestamp::varchar",
    )
}
SOURCES = {
    f"from {source}": lines("(select min(column0) from x)", f"value_cell, {source} as x")
    for source in (
        "read_csv('{outside}/secret.csv')",
        "read_csv_auto('{outside}/secret.csv')",
        "read_text('{outside}/secret.csv')",
        "read_blob('{outside}/secret.csv')",
        "read_parquet('{outside}/*.parquet')",
        "parquet_metadata('{outside}/x.parquet')",
        "read_json('{outside}/secret.csv')",
        "read_json_objects('{outside}/secret.csv')",
        "read_duckdb('{outside}/other.duckdb')",
        "sniff_csv('{outside}/secret.csv')",
        "glob('{outside}/*')",
        "read_csv('inbox/../../outside/secret.csv')",
        "'{outside}/secret.csv'",
        '"{outside}/secret.csv"',
        "'/etc/passwd'",
        "'secret.csv'",
        "query('from read_text(''{outside}/secret.csv'')')",
        "query_table('prices')",
        "duckdb_secrets()",
        "duckdb_settings()",
        "duckdb_tables",
        "duckdb_databases()",
        "pragma_database_list",
        "pragma_table_info('prices')",
        "information_schema.tables",
        "pg_catalog.pg_tables",
        "sqlite_master",
        "main.prices",
        "memory.main.prices",
        "range(1000000000000)",
        "generate_series(1, 1000000000000)",
        "repeat_row(1, num_rows=1000000000000)",
        "test_all_types()",
        "predictions",
        "outcomes",
        "prediction_log",
        "closing",
        "deliveries",
        "refusals",
        "ledger_cost",
        "marts.roi_monthly",
        "roi_monthly",
        "folder",
        "(show tables)",
        "(describe prices)",
        "(summarize prices)",
        "prices tablesample 10%",
        "(pivot prices on unit using sum(unit_price))",
    )
}
STATEMENTS = {
    statement.partition("{")[0]: text
    for statement, text in {
        "a second statement": f"{LINES}; delete from closing",
        "a second SELECT": f"{LINES}; {LINES}",
        "a second statement after a comment": f"{LINES} -- all\n; drop table value_cell",
        "copy": "copy (select 1) to '{outside}/written.csv'",
        "copy of a SELECT": f"{LINES}; copy (select 1) to '{{outside}}/written.csv'",
        "copy from": "copy prices from '{outside}/secret.csv'",
        "export": "export database '{outside}/all'",
        "import": "import database '{outside}/all'",
        "attach": "attach '{outside}/other.duckdb' as other",
        "detach": "detach memory",
        "use": "use memory",
        "set": "set enable_external_access = true",
        "set variable": "set variable x = 1",
        "reset": "reset enable_external_access",
        "pragma": "pragma database_list",
        "install": "install httpfs",
        "load": "load httpfs",
        "call": "call pragma_database_list()",
        "create": "create table kept as select 1",
        "create macro": f"create macro claim() as 1; {LINES}",
        "create secret": "create secret (type s3, key_id 'x', secret 'y')",
        "insert": "insert into closing select '2026-08-01', 'e', 'me', now(), []",
        "update": "update prices set unit_price = 0",
        "delete": "delete from closing",
        "truncate": "truncate closing",
        "explain": f"explain analyze {LINES}",
        "prepare": f"prepare x as {LINES}",
        "execute": "execute x",
        "checkpoint": "checkpoint",
        "vacuum": "vacuum",
        "begin": "begin",
        "merge": "merge into prices using baselines on true when matched then delete",
        "no statement": "-- nothing",
        "a parameter": lines("$1"),
    }.items()
}
SCOPES = {
    "a CTE with the name of a file": (
        'with "{outside}/secret.csv" as (select 1 as column0) '
        + lines("(select min(column0) from x)", "value_cell, '{outside}/secret.csv' as x")
    ),
    "a CTE of an inner query that the outer one reads": lines(
        "(with predictions as (select 'a' as b) select b from predictions)",
        "value_cell, predictions",
    ),
    "a CTE that reads one after it": (
        f"with a as (select * from closing), closing as (select 1) {LINES}, a"
    ),
    "a CTE that reads the table of its own name": (
        f"with closing as (select * from closing) {LINES}, closing"
    ),
    "a recursive CTE": (
        f"with recursive n as (select 1 as i union all select i + 1 from n) {LINES}, n"
    ),
    "a name in other letters": (
        "with \N{KELVIN SIGN}ept as (select 1 as column0) "
        + lines("(select min(column0) from x)", "value_cell, kept as x")
    ),
    "what stands behind a NUL": f"{LINES}\0; delete from closing",
}
ESCAPES = FUNCTIONS | SOURCES | STATEMENTS | SCOPES


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portfolio whose first system uses its own scenario, and a secret beside it."""
    root = tmp_path_factory.mktemp("company")
    (root / "outside").mkdir()
    (root / "outside" / "secret.csv").write_text(f"{SECRET}\n{SECRET}\n")
    folder = small_portfolio(root / "acme")
    (folder / "secret.csv").write_text(f"{SECRET}\n")
    text = (folder / "portfolio.yaml").read_text()
    (folder / "portfolio.yaml").write_text(text.replace("decision_matrix", "claims"))
    (folder / "sql" / "value").mkdir(parents=True)
    return root


@pytest.fixture
def root(company: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with no scenario yet."""
    value = company / "acme" / "sql" / "value"
    shutil.rmtree(value)
    value.mkdir()
    monkeypatch.setenv("ROI_TEST_SECRET", SECRET)
    monkeypatch.chdir(company / "acme")
    return company


def scenario(root: Path, query: str, example: str = "", name: str = "claims") -> Path:
    file = root / "acme" / "sql" / "value" / f"{name}.sql"
    text = HEADER + query.replace("{outside}", str(root / "outside")) + "\n" + example
    file.write_text(text, encoding="utf-8")
    return file


def state(root: Path) -> dict[str, str]:
    """Every file below a folder that is not the pipeline's own, with its checksum."""
    files = (file for file in root.rglob("*") if file.is_file() and "/state/" not in str(file))
    return {str(file): sha256(file.read_bytes()).hexdigest() for file in files}


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, [*arguments])
    return result.exit_code, result.stdout + result.stderr


DOCTOR = ("doctor", "--portfolio", ".")
RUN = ("run", "--month", "2026-08", "--portfolio", ".")


@pytest.mark.parametrize("arguments", [DOCTOR, RUN], ids=["doctor", "run"])
@pytest.mark.parametrize("name", ESCAPES)
def test_an_escape_is_refused_by_name(root: Path, name: str, arguments: tuple[str, ...]) -> None:
    """The file is named, its SQL never ran: nothing is shown, written or changed."""
    example = "\n/* example\ngiven: {value_cell: [{cell_id: c}]}\nexpect:\n"
    example += "  value_lines: [{driver: x}]\n*/\n"
    scenario(root, ESCAPES[name], example)
    before = state(root)
    code, shown = command(*arguments)
    assert code == 2, shown
    assert "claims.sql" in shown.replace("\n", "")
    assert "unexpected" not in shown
    assert "example's" not in shown  # it was not even tried
    assert SECRET not in shown.replace("\n", "")
    assert "root:" not in shown
    assert state(root) == before
    assert not (root / "acme" / "state" / "deliveries").exists()


@pytest.mark.parametrize("name", ESCAPES)
def test_an_escape_is_refused_before_anything_runs(root: Path, name: str) -> None:
    file = scenario(root, ESCAPES[name])
    with pytest.raises(ConfigurationError) as refused:
        registry.load(root / "acme" / "sql")
    assert str(refused.value).startswith(f"{file}: ")
    assert SECRET not in str(refused.value)


GIVEN = "given: {value_cell: [{cell_id: c}]}\n"
EXAMPLES = {
    "a file as a table": GIVEN + "expect: {\"read_text('{outside}/secret.csv')\": [{content: x}]}",
    "a file by its name": GIVEN + "expect: {\"'{outside}/secret.csv'\": [{column0: x}]}",
    "a subquery as a table": GIVEN + "expect: {(select getenv('ROI_TEST_SECRET') as a): [{a: x}]}",
    "a table of DuckDB": GIVEN + "expect: {duckdb_settings: [{value: x}]}",
    "a statement behind a table": GIVEN
    + "expect: {\"value_lines; copy (select 1) to '{outside}/w'\": [{driver: x}]}",
    "an expression as a column": GIVEN
    + "expect: {value_lines: [{'driver\", getenv(''ROI_TEST_SECRET'') as \"x': x}]}",
    "a file as a given table": "given: {\"read_text('{outside}/secret.csv')\": [{a: x}]}\n"
    "expect: {value_lines: [{driver: x}]}",
    "a statement as a given table": 'given: {"prices select 1; drop table prices; --": [{a: 1}]}\n'
    "expect: {value_lines: [{driver: x}]}",
    "a statement as a given column": "given: {value_cell: [{'cell_id) select 1; --': 1}]}\n"
    "expect: {value_lines: [{driver: x}]}",
    "a tag": GIVEN + "expect: !!python/object/apply:os.system ['touch {outside}/written']",
    "aliases": "a: &a [x]\n" + GIVEN + "expect: {value_lines: [{driver: *a}]}",
    "rows that are none": GIVEN + "expect: {value_lines: {driver: x}}",
    "no rows": GIVEN + "expect: {value_lines: []}",
    "a number": "7",
    "nothing expected": GIVEN,
    "infinity": GIVEN + "expect: {value_lines: [{factor: .inf}]}",
    "not a number": "given: {value_cell: [{quantity: .nan}]}\nexpect: {value_lines: [{driver: x}]}",
    "a number of 5,000 digits": GIVEN + f"expect: {{value_lines: [{{factor: {'9' * 5000}}}]}}",
    "brackets without end": GIVEN + "expect: " + "[" * 5000,
    "a binary value": GIVEN
    + "expect: {value_lines: [{driver: !!binary aGVsbG8=, factor: !!set {}}]}",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_that_is_not_rows_of_tables_is_a_hint(root: Path, name: str) -> None:
    text = EXAMPLES[name].replace("{outside}", str(root / "outside"))
    scenario(root, LINES, f"\n/* example\n{text}\n*/\n")
    shutil.rmtree(root / "acme" / "inbox", ignore_errors=True)  # which no example reads
    (root / "acme" / "reference" / "prices.csv").write_text("x\n")  # so doctor ends here: faster
    before = state(root)
    _, shown = command(*DOCTOR)
    assert "hint: sql/value/claims.sql: " in shown
    assert "unexpected" not in shown
    assert SECRET not in shown.replace("\n", "")
    assert state(root) == before


def as_name(name: str) -> Callable[[Path], None]:
    return lambda root: scenario(root, LINES, name=name) and None


def linked(root: Path) -> None:
    target = root / "outside" / "linked.sql"
    target.write_text(HEADER + f"'{SECRET}")
    (root / "acme" / "sql" / "value" / "claims.sql").symlink_to(target)


def device(root: Path) -> None:
    (root / "acme" / "sql" / "value" / "claims.sql").symlink_to("/dev/zero")


def folder(root: Path) -> None:
    (root / "acme" / "sql" / "value" / "claims.sql").mkdir()


def latin(root: Path) -> None:
    (root / "acme" / "sql" / "value" / "claims.sql").write_bytes(b"-- caf\xe9\n")


def large(root: Path) -> None:
    scenario(root, LINES + " " * 1_100_000)


FILES: dict[str, Callable[[Path], None]] = {
    "a statement as its name": as_name("claims as select 1; delete from closing; --"),
    "a quote in its name": as_name('claims"'),
    "capitals in its name": as_name("Claims"),
    "a name with a dot": as_name("marts.claims"),
    "the name of an input": as_name("prices"),
    "the name of a delivery": as_name("fx"),
    "the name of a model": as_name("value_cell"),
    "the name of a setting": as_name("setting"),
    "the name of a union": as_name("value_lines"),
    "the name of a mart": as_name("tco_monthly"),
    "a link out of the portfolio": linked,
    "a device": device,
    "a folder": folder,
    "another encoding": latin,
    "more than a megabyte": large,
}


@pytest.mark.parametrize("arguments", [DOCTOR, RUN], ids=["doctor", "run"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_scenario_is_refused(
    root: Path, name: str, arguments: tuple[str, ...]
) -> None:
    if name not in ("a link out of the portfolio", "a device", "a folder", "another encoding"):
        scenario(root, LINES)  # beside the one that portfolio.yaml names
    FILES[name](root)
    code, shown = command(*arguments)
    assert code == 2, shown
    assert "unexpected" not in shown
    assert "sql/value/" in shown.replace("\n", "")
    assert SECRET not in shown.replace("\n", "")
    assert not (root / "acme" / "state" / "deliveries").exists()


@pytest.mark.parametrize("name", ["roi_monthly", "unit_cost_monthly", "depreciation"])
def test_a_table_that_python_fills_keeps_its_name(root: Path, name: str) -> None:
    scenario(root, LINES, name=name)
    with pytest.raises(ConfigurationError, match=f"{name} exists already"):
        workbench.empty(root / "acme" / "sql")


REACHES = [
    "from read_text('{outside}/secret.csv')",
    "from '{outside}/secret.csv'",
    "from glob('{outside}/*')",
    "from read_csv('secret.csv')",
    "from frame",
    "copy (select 1) to '{outside}/written.csv'",
    "attach '{outside}/other.duckdb'",
    "export database '{outside}/all'",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set memory_limit = '100GB'",
    "set temp_directory = '{outside}'",
    "install httpfs",
    "load httpfs",
]


@pytest.mark.parametrize("attempt", REACHES)
def test_the_workbench_reaches_no_file(root: Path, attempt: str) -> None:
    """Were something missing from the list above, there would still be nothing in reach."""
    import polars

    frame = polars.DataFrame({"a": [SECRET]})
    con, _ = workbench.empty()
    before = state(root)
    with pytest.raises(duckdb.Error):
        con.execute(attempt.format(outside=root / "outside")).fetchall()
    assert state(root) == before
    assert len(frame) == 1


def test_no_function_that_is_allowed_reads_more_than_its_arguments() -> None:
    kinds = duckdb.execute(
        "select function_name, function_type, coalesce(stability, '') from duckdb_functions()"
    ).fetchall()
    harmful = {
        name
        for name, kind, stability in kinds
        if kind in ("pragma", "table", "table_macro")
        or stability in ("VOLATILE", "CONSISTENT_WITHIN_QUERY")
    }
    assert own_sql.FUNCTIONS & harmful == {"unnest"}  # of a list, it makes rows
    for name in harmful - {"unnest"}:
        with pytest.raises(ConfigurationError):
            own_sql.refuse_unsafe(lines(f'"{name}"()'), OWN)
        with pytest.raises(ConfigurationError):
            own_sql.refuse_unsafe(f'select * from "{name}"(1)', OWN)


OURS = [
    file
    for file in sorted(sql_models.package_folder("sql").glob("value/*.sql"))
    if "-- part of: value_lines" in file.read_text()
]


@pytest.mark.parametrize("file", [*OURS, OWN])
def test_our_own_scenarios_keep_to_the_rules(file: Path) -> None:
    own_sql.refuse_unsafe(sql_models.read(file).sql, file)


PLAIN = [
    LINES + ";",
    f"with a as (select * from value_cell), b as (from a) {LINES} where cell_id in (from b)",
    lines("case when is_positive_decision then 'a' else 'b' end || '/' || coalesce(outcome, '-')"),
    lines("(select max(b.value)::varchar from baseline_in_force as b where b.metric = 'recall')"),
    lines("lower(trim(decision))") + " where day between date '2026-01-01' and date '2026-12-31'",
    lines("strftime(date_trunc('month', day), '%Y') || extract(year from day)::varchar"),
    lines("sum(cases) over (partition by system_id order by day desc nulls last)::varchar"),
    LINES + " where list_contains(['a', 'b'], decision) and outcome ilike '%x%' and not false",
    LINES + " qualify row_number() over (partition by cell_id order by day) = 1",
    LINES + " union all by name " + LINES,
    lines("x.k", "value_cell, (values ('a'), ('b')) as x (k)"),
    f"select distinct * from ({LINES}) order by all limit 10",
]


@pytest.mark.parametrize("query", PLAIN)
def test_plain_sql_is_accepted(root: Path, query: str) -> None:
    file = scenario(root, query)
    own_sql.refuse_unsafe(registry.load(root / "acme" / "sql")[file.stem].sql, file)


def test_a_right_scenario_passes_its_example(root: Path) -> None:
    shutil.copy(OWN, root / "acme" / "sql" / "value" / OWN.name)
    assert [*own_scenarios(root / "acme")] == []
