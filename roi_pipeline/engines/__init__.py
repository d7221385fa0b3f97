"""Where the one heavy step runs. An engine gets Parquet files and SQL texts and leaves cells; it knows no money."""
