"""The folder a user owns: the shape of portfolio.yaml, where things lie in it, and its mistakes.

Only this module and sources.py know the keys of portfolio.yaml (contracts §1). Knows no database,
no column of a delivery and no rule about money. Every mistake is a ConfigurationError that names
the file, the key, the value and the remedy; all mistakes of a file are told at once.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from roi_pipeline import written
from roi_pipeline.domain.unit_cost import EXPECTED_COSTS
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.sources import (
    DATASETS,
    FORMATS,
    REFERENCES,
    Dialect,
    Part,
    Source,
    Zone,
    formats_of,
)

__all__ = [
    "DATASETS",
    "FILE",
    "FORMATS",
    "REFERENCES",
    "SCENARIOS",
    "Engine",
    "Portfolio",
    "Positive",
    "Source",
    "System",
    "formats_of",
    "known_scenarios",
    "load",
]
FILE = "portfolio.yaml"
SCENARIOS = (
    *("fraud_detection", "quality_control", "customer_service", "edge_logistics"),
    *("decision_support", "decision_matrix"),
)
ServingMode = Literal["realtime", "batch", "edge"]
SharingRule = Literal["first_touch", "equal", "shapley"]
Id = Annotated[str, AfterValidator(written.identifier)]
Title = Annotated[str, AfterValidator(written.title)]
Currency = Annotated[str, AfterValidator(written.currency)]
Day = Annotated[date, BeforeValidator(written.day)]
Labels = Annotated[tuple[str, ...], Field(min_length=1)]


class Positive(Part):
    """Which decisions and outcomes count as positive in quality_monthly."""

    decision: Labels
    outcome: Labels


class System(Part):
    """One deployed AI system: what it is worth and costs is told under its id."""

    id: Id
    name: Title
    scenario: str
    invested_on: Day
    live_on: Day
    serving_mode: ServingMode = "realtime"
    positive: Positive | None = None
    owner: Title | None = None
    outcome_horizon_days: int = Field(default=120, ge=1, le=3650)
    cluster_by: Literal["day"] | None = None  # decisions that stand or fall together

    @field_validator("live_on")
    @classmethod
    def _after_investment(cls, live_on: date, info: ValidationInfo) -> date:
        invested_on = info.data.get("invested_on")
        if invested_on and live_on < invested_on:
            raise ValueError(f"a system goes live on or after invested_on ({invested_on})")
        return live_on


class Engine(Part):
    """Where the heavy step runs, and how much of the machine it may use.

    What does not fit `memory_limit` goes to state/tmp, up to `spill_limit`, without one up to nine
    tenths of the free disk.
    """

    name: Annotated[Literal["duckdb"], BeforeValidator(written.engine)] = "duckdb"
    memory_limit: Annotated[str, AfterValidator(written.memory)] = "4GB"
    spill_limit: Annotated[str, AfterValidator(written.memory)] | None = None
    threads: int | None = Field(default=None, ge=1, le=1024)


class Portfolio(Part):
    """A portfolio as its owner described it; paths are those of its folder."""

    folder: Path
    portfolio: Id
    reporting_currency: Currency
    time_zone: Zone = "UTC"
    systems: tuple[System, ...]
    sources: tuple[Source, ...] = ()
    engine: Engine = Engine()
    shared_outcomes: SharingRule = "first_touch"
    expected_costs: Mapping[str, Annotated[int, Field(ge=1, le=120)]] = EXPECTED_COSTS
    max_quarantined_share: Decimal = Field(default=Decimal("0.01"), ge=0, lt=1)

    @field_validator("systems")
    @classmethod
    def _told_apart(cls, systems: tuple[System, ...], info: ValidationInfo) -> tuple[System, ...]:
        if not systems:
            raise ValueError("name at least one system")
        written.refuse_twice([system.id for system in systems])
        folder: Path = info.data["folder"]
        for position, system in enumerate(systems):
            if system.scenario not in known_scenarios(folder):
                where = f"[{position}].scenario"
                remedy = written.choices(system.scenario, known_scenarios(folder))
                raise written.MistakeError(
                    where, system.scenario, f"{remedy}, or add sql/value/<name>.sql"
                )
        return systems

    @field_validator("sources", mode="before")
    @classmethod
    def _numbered(cls, given: Any) -> Any:
        """Give every source without an id the name of its dataset, the second one with -2."""
        if not isinstance(given, list | tuple):
            return given
        seen: dict[str, int] = {}
        numbered = []
        for source in given:
            if isinstance(source, Mapping) and isinstance(source.get("dataset"), str):
                stem = source["dataset"]
                seen[stem] = seen.get(stem, 0) + 1
                default = stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"
                source = {"id": default, **source}
            numbered.append(source)
        return numbered

    @field_validator("sources")
    @classmethod
    def _unique_sources(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        written.refuse_twice([source.id for source in sources])
        for position, source in enumerate(sources):
            if source.dataset in REFERENCES:
                remedy = f"remove it; reference/{source.dataset}.csv is read without being named"
                raise written.MistakeError(f"[{position}].dataset", source.dataset, remedy)
        bills = [source.id for source in sources if source.dataset == "billing"]
        for position, source in enumerate(sources):
            for provider, bill in source.billed_by.items():
                if bill.partition("/")[0] not in bills:
                    where = f"[{position}].billed_by.{provider}"
                    remedy = f"name a source of bills: {', '.join(bills) or 'there is none yet'}"
                    raise written.MistakeError(where, bill, remedy)
        return sources

    @property
    def state(self) -> Path:
        """Deliveries, journal, closed months and what was built; never read by BI."""
        return self.folder / "state"

    @property
    def marts(self) -> Path:
        """What is published."""
        return self.folder / "marts"

    @property
    def inbox(self) -> Path:
        """Where deliveries land when a source names no other place."""
        return self.folder / "inbox"

    @property
    def reference(self) -> Path:
        """The small dated tables that people edit."""
        return self.folder / "reference"

    @property
    def readable_folders(self) -> tuple[Path, ...]:
        """The portfolio and the folders of sources that lie elsewhere on this machine."""
        elsewhere = [
            written.steady(source.path) for source in self.sources if source.path[:1] == "/"
        ]
        return (self.folder, *elsewhere)

    def reference_sources(self) -> tuple[Source, ...]:
        """The reference files as sources: read whole, a newer file replaces the older one."""
        return tuple(
            Source.model_validate({"dataset": name, "path": f"reference/{name}.csv"})
            for name in REFERENCES
        )

    def system(self, system_id: str) -> System:
        """The system of that id; raises ConfigurationError when there is none."""
        for system in self.systems:
            if system.id == system_id:
                return system
        choices = written.choices(system_id, [system.id for system in self.systems])
        raise ConfigurationError(f"{FILE}: no system {system_id!r}: {choices}")


def known_scenarios(folder: Path) -> tuple[str, ...]:
    """The built-in scenarios and those the portfolio adds as sql/value/<name>.sql."""
    own = sorted(path.stem for path in (folder / "sql" / "value").glob("*.sql"))
    return (*SCENARIOS, *own)


def _keys(part: type[BaseModel]) -> tuple[str, ...]:
    return tuple(key for key in part.model_fields if key != "folder")


# A setting without effect would mislead: what no code reads yet is refused, with what to do.
_NOT_YET = {
    "publish": (
        "not available yet; remove it: every edition is written as Parquet files and as "
        "marts.duckdb"
    ),
    "engine.remote": "not available yet; remove it: cells are computed by DuckDB on this machine",
}
_KEYS = {  # which keys may stand where, for 'did you mean'
    "": _keys(Portfolio),
    "systems[]": _keys(System),
    "systems[].positive": _keys(Positive),
    "sources[]": _keys(Source),
    "sources[].dialect": _keys(Dialect),
    "engine": _keys(Engine),
}


def load(folder: Path) -> Portfolio:
    """Read `folder`/portfolio.yaml (contracts §1).

    Raises ConfigurationError with one line a mistake: file, key, value, remedy.
    """
    file = folder / FILE
    given = written.read_yaml(file)
    if "folder" in given:
        raise ConfigurationError(f"{file}: folder: unknown key; remove it")
    try:
        return Portfolio.model_validate({**given, "folder": folder.absolute()})
    except ValidationError as error:
        lines = [f"{file}: {written.told(detail, _KEYS, _NOT_YET)}" for detail in error.errors()]
        raise ConfigurationError("\n".join(lines)) from None
