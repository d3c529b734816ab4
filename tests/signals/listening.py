"""A sink in plain sight, and a bench that signals into it."""

from __future__ import annotations

from collections import Counter

from shared.signals.table import Metric
from shared.signals.told import Span, Value


class Heard:
    """Keeps everything it is given."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.values: list[Value] = []

    def take(self, spans: tuple[Span, ...], values: tuple[Value, ...]) -> None:
        """Keep it."""
        self.spans += spans
        self.values += values

    def total(self, metric: Metric) -> float:
        """Add up a counter."""
        return sum(value.value for value in self.values if value.metric is metric)

    def of(self, metric: Metric) -> list[Value]:
        """List the values of a metric."""
        return [value for value in self.values if value.metric is metric]

    def names(self) -> Counter[str]:
        """Count the spans by name."""
        return Counter(str(span.name) for span in self.spans)
