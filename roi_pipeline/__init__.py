"""Measure, month by month and to the cent, whether AI inference systems earn their keep."""

__version__ = "0.1.0"
