"""Logs of predictions and of their outcomes as platforms write them: one module a format, each a
`SHAPE`.

A log of events is not a table: a line may hold many spans, a call many instances, a prediction two
events. A shape says which predictions a stream of records tells of, as columns of the contract;
casting, accounts, quarantine and receipts are those of every other delivery.
"""

from collections.abc import Mapping
from importlib import import_module

from roi_pipeline.ingest.events.shape import Shape
from roi_pipeline.portfolio import formats_of

SHAPES: Mapping[str, Shape] = {
    name: import_module(f"roi_pipeline.ingest.events.{name}").SHAPE
    for name in (*formats_of("predictions"), *formats_of("outcomes"))
    if name != "table"
}
