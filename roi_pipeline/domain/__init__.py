"""Pure functions on months, money and rates. No database, no files, no environment, no clock."""
