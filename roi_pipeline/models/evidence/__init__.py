"""Python models of the layer evidence."""
