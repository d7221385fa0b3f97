"""What a contract is made of: columns, row rules, keys. Knows the types; knows no dataset."""

from dataclasses import dataclass, replace
from typing import Literal

from roi_pipeline.ingest.currencies import CODES

TEXT = "VARCHAR"
WHOLE = "BIGINT"
REAL = "DOUBLE"
FLAG = "BOOLEAN"
DAY = "DATE"
INSTANT = "TIMESTAMP"  # UTC without a zone: casts to TIMESTAMPTZ cost 0.3 µs a value
CHARGE = "DECIMAL(38,18)"  # money of cloud bills, which go to 10⁻¹⁸
MONEY = "DECIMAL(38,12)"
PRICE = "DECIMAL(28,9)"
SHARE = "DECIMAL(18,9)"
MEASURE = "DECIMAL(18,6)"  # one row of a log: amounts, weights, seconds
JSON = "JSON"

# A name that may be published: no control character, no e-mail address, no markup. (With its length
# in the pattern it takes 3 ms a column to compile; regexp_matches would not use dictionaries.)
LABEL = r"[^\x00-\x1f@<>]+"
MAX_LABEL = 200


@dataclass(frozen=True)
class Rule:
    """What every row keeps: `test` is SQL that is true of it, `name` is why another row is out.

    With a `remedy` one row that breaks it refuses the whole file: it is not a fault of a row but
    something nobody may do.
    """

    name: str
    test: str
    remedy: str | None = None


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    `default` stands, as text, for an empty value. A `label` may be published, so it must be safe
    to show. A `pii` column is hashed with a key before anything is stored. An `is_id` column keeps
    UUIDs as such: 16 bytes join faster than 36 letters. It, or one that `is_line`, may be mapped to
    the place of the row in its file.
    """

    name: str
    type: str
    required: bool = False
    default: str | None = None
    pii: bool = False
    rule: Rule | None = None
    label: bool = False
    is_id: bool = False
    is_line: bool = False

    @property
    def quoted(self) -> str:
        """The name as an SQL identifier (`on` is a keyword)."""
        return f'"{self.name}"'


@dataclass(frozen=True)
class Contract:
    """What one kind of input promises.

    `key` names one row of a source. Rows of one file with an equal key and different values refuse
    the file; `repeated` says what equal ones are: kept (and resolved later, with all deliveries),
    superseded by the last, or quarantined. Of a ledger (`is_ledger`) keys are those of a source,
    otherwise of all sources together. `time` is the column whose month a delivery's rows count in
    (none: the file is replaced whole), `money` the one that is summed for the accounts.
    `derived` columns are computed on landing from the others: name, type, SQL.
    """

    dataset: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    repeated: Literal["keep", "supersede", "refuse"] = "keep"
    time: str | None = None
    money: str | None = None
    rules: tuple[Rule, ...] = ()
    derived: tuple[tuple[str, str, str], ...] = ()
    is_ledger: bool = False

    @property
    def is_log(self) -> bool:
        """Whether rows are many, and those with an equal key are told apart over all deliveries
        at once, later."""
        return bool(self.key) and self.repeated == "keep"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the contract's own columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def shape(self) -> tuple[tuple[str, str], ...]:
        """Name and type of every column of the dataset's view: the contract's, then provenance."""
        own = [(column.name, column.type) for column in self.columns]
        derived = [(name, kind) for name, kind, _ in self.derived]
        provenance = [("source_id", TEXT), ("delivery_id", TEXT), ("row_no", WHOLE)]
        return (*own, *derived, *provenance)

    @property
    def ddl(self) -> str:
        """The columns of the dataset's view as `create table name (…)` wants them."""
        return ", ".join(f'"{name}" {kind}' for name, kind in self.shape)

    def column(self, name: str) -> Column:
        """The column of that name; raises KeyError when the contract has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def all_rules(self) -> tuple[Rule, ...]:
        """The rules of the columns, then those of the row."""
        return (*(column.rule for column in self.columns if column.rule), *self.rules)


def required(column: Column) -> Column:
    """The same column, which no row may leave empty."""
    return replace(column, required=True)


def text(name: str) -> Column:
    """Free text, kept as it is and never published as a name."""
    return Column(name, TEXT)


def label(name: str, default: str | None = None) -> Column:
    """A short name that is safe to publish."""
    return Column(name, TEXT, default=default, label=True)


def one_of(name: str, *choices: str, default: str | None = None) -> Column:
    """A name from a fixed list."""
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return Column(
        name, TEXT, default=default, rule=Rule(f"unknown {name}", f'"{name}" in ({listed})')
    )


def currency(name: str = "currency") -> Column:
    """An ISO 4217 code."""
    listed = ", ".join(f"'{code}'" for code in CODES)
    return Column(name, TEXT, rule=Rule(f"unknown {name}", f'"{name}" in ({listed})'))


def at_least_zero(name: str, kind: str, default: str | None = None) -> Column:
    """A count, a measure or a price that is never negative."""
    return Column(name, kind, default=default, rule=Rule(f"negative {name}", f'"{name}" >= 0'))


def share(name: str, kind: str = SHARE) -> Column:
    """A part of a whole, from 0 to 1."""
    return Column(name, kind, rule=Rule(f"{name} outside 0 to 1", f'"{name}" between 0 and 1'))
