"""What portfolio.yaml says of a source: which dataset lands where, and how its files are read.

Knows the datasets, the reference tables and the formats by name; no column of a delivery.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
    model_validator,
)

from roi_pipeline import written

# What may land in an inbox, the tables people edit under reference/, and named formats.
DATASETS = ("billing", "capex", "asset_events", "operating_costs", "predictions", "outcomes", "fx")
REFERENCES = (
    *("prices", "baselines", "terms", "allocation"),
    *("cost_categories", "cost_waivers", "model_versions", "reviews", "options"),
    *("facilities", "edge_fleets", "indirect_values"),
)
FORMATS = {  # how files of a dataset may be written, its default first; others are a table
    "billing": (
        *("focus", "aws_cur", "azure_cost", "gcp_billing", "oci_cost"),
        *("openai_costs", "anthropic_cost"),
    ),
    "predictions": (
        *("table", "otel_genai", "databricks_inference"),
        *("sagemaker_capture", "kserve_events", "litellm_spend"),
    ),
    "outcomes": ("table", "otel_evaluations"),
}
_READ_FOR = {"billed_by": "predictions", "holds_part": "billing"}  # nothing reads it elsewhere
Mechanism = Literal["overwrite", "append"]
Zone = Annotated[str, AfterValidator(written.zone)]
SourceId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,62}$")]


class Part(BaseModel):
    """A part of portfolio.yaml: no key that is not known, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dialect(Part):
    """How numbers in text files are written: a point as decimal sign, and none between thousands.

    Without it a file whose numbers could be read in two ways is refused.
    """

    decimal: Literal["."]


class Source(Part):
    """Files of one dataset: where they land, how they are read, what a new one replaces.

    `billed_by` says which bill holds what a log estimates: provider to source of bills, or to one
    service of it (`aws/Amazon Bedrock`). `holds_part` lets another source bill the same account.
    """

    dataset: str
    path: Annotated[str, AfterValidator(written.path)]
    format: str
    mechanism: Mechanism
    columns: Mapping[str, str] = Field(default_factory=dict)
    dialect: Dialect | None = None
    time_zone: Zone | None = None
    billed_by: Mapping[str, str] = Field(default_factory=dict)
    holds_part: StrictBool = False
    id: SourceId

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        dataset = str(given.get("dataset", ""))
        whole = dataset in ("billing", *REFERENCES)
        defaults = {
            "id": dataset,
            "format": formats_of(dataset)[0],
            "mechanism": "overwrite" if whole else "append",
        }
        return defaults | {key: value for key, value in given.items() if value is not None}

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, dataset: str) -> str:
        return dataset if dataset in REFERENCES else written.one_of(dataset, DATASETS)

    @field_validator("format")
    @classmethod
    def _known_format(cls, name: str, info: ValidationInfo) -> str:
        dataset = info.data.get("dataset")
        return written.one_of(name, formats_of(dataset)) if dataset else name

    @field_validator("columns")
    @classmethod
    def _named(cls, columns: Mapping[str, str]) -> Mapping[str, str]:
        for name in columns:
            if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
                raise written.MistakeError(
                    f".{name}", columns[name], "write canonical_name: name in the file"
                )
        return columns

    @field_validator("billed_by", "holds_part")
    @classmethod
    def _read_for_this_dataset(cls, given: Any, info: ValidationInfo) -> Any:
        reader = _READ_FOR[str(info.field_name)]
        if given and info.data.get("dataset", reader) != reader:
            raise ValueError(f"only a source of {reader} may have it; remove it")
        return given

    @property
    def is_local(self) -> bool:
        """Whether the path lies on this machine (not s3://, gs://, abfs://)."""
        return "://" not in self.path


def formats_of(dataset: str) -> tuple[str, ...]:
    """How files of a dataset may be written; the first is meant where a source names none."""
    return FORMATS.get(dataset, ("table",))
