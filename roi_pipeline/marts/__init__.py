"""Tables whose rules are many: Python functions from monthly rows to monthly rows.

Each reads small tables that SQL has summed through a `Read`, applies `domain`, and gives a Polars
frame. No function here holds a query, or knows a database, a file or Dagster.
"""
