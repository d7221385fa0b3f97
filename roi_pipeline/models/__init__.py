"""Every table of the product: the registry, SQL models' files and the Python models."""
