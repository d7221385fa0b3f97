"""Python models of the layer cost."""
