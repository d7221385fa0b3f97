"""reference/corrections.yaml as people write it: what is to be set right, why, and until when.

The only place that knows its keys. Every mistake is a ConfigurationError with file, key and remedy.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from roi_pipeline import written
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.portfolio import DATASETS

FILE = "reference/corrections.yaml"
_PLACES = ("file", "row")  # of a match, beside columns of the contract


def _word(value: object) -> str:
    """A YAML scalar as a file would have it; dates and numbers are often written unquoted."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | int | float | Decimal | str):
        return str(value)
    raise ValueError("write one value; put text in quotes")


def _dataset(name: str) -> str:
    return written.one_of(name, DATASETS)


Word = Annotated[str, BeforeValidator(_word)]
Words = Annotated[Mapping[str, Word], Field(min_length=1)]


class Correction(BaseModel):
    """Which rows of a dataset to set right, to what, why, and what they say until then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    dataset: Annotated[str, AfterValidator(_dataset)]
    match: Words
    set: Words
    expect: Words
    reason: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    made_on: Annotated[date, BeforeValidator(written.day)]


def read(folder: Path) -> tuple[Correction, ...]:
    """The corrections of a portfolio, in the order of their file; none without one.

    Raises ConfigurationError with one line a mistake: file, key, value, remedy.
    """
    file = folder / FILE
    if not file.is_file():
        return ()
    given = written.read_yaml(file).get("corrections") or []
    if not isinstance(given, list):
        raise ConfigurationError(f"{file}: corrections: write a list, '- id: …' for each")
    found, lines, keys = [], [], {"": tuple(Correction.model_fields)}
    for place, each in enumerate(given):
        try:
            found.append(Correction.model_validate(each))
        except ValidationError as error:
            lines += [f"corrections[{place}].{written.told(d, keys)}" for d in error.errors()]
    lines += [line for correction in found for line in _mistakes(correction)]
    ids = [correction.id for correction in found]
    lines += [
        f"{name}: stands there twice; choose another id" for name in ids if ids.count(name) > 1
    ]
    if lines:
        raise ConfigurationError("\n".join(f"{file}: {line}" for line in dict.fromkeys(lines)))
    return tuple(found)


def _mistakes(correction: Correction) -> list[str]:
    """What the contract of the dataset says against a correction."""
    contract = CONTRACTS[correction.dataset]
    open_names = [column.name for column in contract.columns if not column.pii]
    lines = []
    for part, allowed in (
        ("match", (*_PLACES, *open_names)),
        ("set", [name for name in open_names if name not in contract.key]),
        ("expect", open_names),
    ):
        unknown = [name for name in getattr(correction, part) if name not in allowed]
        lines += [
            f"{correction.id}: {part}.{name}: {written.choices(name, allowed)}" for name in unknown
        ]
    if not correction.match.get("row", "1").isdecimal():
        lines.append(f"{correction.id}: match.row: write the row's number in its file, from 1")
    if "row" in correction.match and "file" not in correction.match:
        lines.append(f"{correction.id}: match: name the file whose row is meant")
    if contract.is_log and "file" not in correction.match:
        lines.append(f"{correction.id}: match: name the file as well; a log is not searched whole")
    if unguarded := sorted(set(correction.set) - set(correction.expect)):
        lines.append(f"{correction.id}: expect: say what {', '.join(unguarded)} is until now")
    return lines
