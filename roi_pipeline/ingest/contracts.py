"""Every contract by the name of its dataset: what comes in, in what shape, by what rules."""

from roi_pipeline.ingest.columns import Column, Contract, Rule
from roi_pipeline.ingest.inputs import INPUTS
from roi_pipeline.ingest.reference import REFERENCE

__all__ = ["CONTRACTS", "REFERENCE_DATASETS", "Column", "Contract", "Rule"]

CONTRACTS: dict[str, Contract] = {contract.dataset: contract for contract in (*INPUTS, *REFERENCE)}
REFERENCE_DATASETS = tuple(contract.dataset for contract in REFERENCE)
