"""From a delivered file to clean, typed, accounted rows. Knows files and contracts; no model."""
