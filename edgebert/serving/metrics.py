"""What a service counts, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

# Seconds: from a tenth of a millisecond (2/128 on a desktop) to what nobody waits for.
_BUCKETS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Metrics:
    """Counters of one service; those of the process (memory, CPU, open files) are with them.

    Attributes:
        requests: by model and HTTP status; the model is "" where none was named.
        texts: answered, by model.
        seconds: of a request in a thread, by model; waiting for a thread not counted.
        in_flight: requests that wait or are being answered.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "edgebert_requests", "Requests.", ["model", "status"], registry=self._registry
        )
        self.texts = Counter(
            "edgebert_texts", "Texts answered.", ["model"], registry=self._registry
        )
        self.seconds = Histogram(
            "edgebert_answer_seconds",
            "Time of answering a request.",
            ["model"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "edgebert_requests_in_flight",
            "Requests that wait or are being answered.",
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Everything counted so far."""
        return generate_latest(self._registry)
