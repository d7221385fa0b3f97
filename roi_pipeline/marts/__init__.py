"""Tables whose rules are many: Python functions from monthly rows to monthly rows.

Each reads small tables that SQL has summed, applies `domain`, and gives a Polars frame. No query
here adds up money; no function here knows a file or Dagster.
"""
