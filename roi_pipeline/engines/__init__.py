"""Where the one heavy step runs. An engine gets clean files and SQL texts and leaves cells."""
