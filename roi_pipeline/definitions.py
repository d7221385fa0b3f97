"""What `dagster dev` and `dagster-daemon` load: the portfolio that $ROI_PORTFOLIO names."""

import os
from pathlib import Path

from roi_pipeline import portfolio
from roi_pipeline.automation import definitions_of

definitions = definitions_of(portfolio.load(Path(os.environ.get("ROI_PORTFOLIO", "."))))
