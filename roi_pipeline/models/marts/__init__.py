"""Python models of the layer marts."""
