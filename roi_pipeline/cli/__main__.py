"""`python -m roi_pipeline.cli`, where the script is not on the path."""

from roi_pipeline.cli import main

main(prog_name="roi-pipeline")
