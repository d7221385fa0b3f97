"""From a delivered file to clean, typed, accounted rows. Knows files and contracts; knows no model and no mart."""
