"""The books of a portfolio: cells, ledger and marts of its months, brought up to date from what was
delivered. Knows which months are stale and which are closed; knows no Dagster and no command."""
