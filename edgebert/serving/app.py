"""The service itself: which addresses there are, and what each answers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgebert.errors import EdgebertError
from edgebert.serving.metrics import Metrics
from edgebert.serving.request import read_request
from edgebert.serving.served_model import ServedModel

_T = TypeVar("_T")
_Handler = Callable[[Request], Awaitable[Response]]
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class ServiceLimits:
    """What one client, or all together, may ask for.

    Attributes:
        workers: requests answered at once; those of one model take turns.
        waiting: requests that may wait beside them; more are turned away.
        texts: of one request.
        body_bytes: of one request.
        body_seconds: in which a body has to be there.
    """

    workers: int
    waiting: int = 64
    texts: int = 256
    body_bytes: int = 1 << 20
    body_seconds: float = 10.0


class Service:
    """The models, and the handlers of the requests to them."""

    def __init__(
        self, models: Mapping[str, ServedModel], limits: ServiceLimits, token: str | None = None
    ) -> None:
        self._models = models
        self._limits = limits
        self._token = token
        self._metrics = Metrics()
        self._threads = CapacityLimiter(limits.workers)
        self._in_flight = 0

    def app(self) -> Starlette:
        """The service as an ASGI application."""
        return Starlette(
            routes=[
                Route("/health", self._health),
                Route("/models", self._guarded(self._list)),
                Route("/models/{name}", self._guarded(self._facts), methods=["GET"]),
                Route("/models/{name}", self._guarded(self._answer), methods=["POST"]),
                Route("/metrics", self._guarded(self._counts)),
            ],
            exception_handlers={HTTPException: _as_json, Exception: _fault},
        )

    def _guarded(self, handler: _Handler) -> _Handler:
        """A handler that asks for the token first, and counts what it answered."""

        async def guarded(request: Request) -> Response:
            name = request.path_params.get("name", "")
            model = name if name in self._models else ""
            try:
                self._check_token(request)
                response = await handler(request)
            except HTTPException as error:
                self._metrics.requests.labels(model, error.status_code).inc()
                raise
            self._metrics.requests.labels(model, response.status_code).inc()
            return response

        return guarded

    def _check_token(self, request: Request) -> None:
        if self._token is None:
            return
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise HTTPException(
                401, "a token is needed: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"}
            )

    async def _health(self, _request: Request) -> Response:
        facts = await self._in_thread(self._all_facts)
        faults = {each["name"]: each["fault"] for each in facts if each["fault"]}
        return JSONResponse({"status": "degraded" if faults else "ok", "faults": faults})

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({"models": await self._in_thread(self._all_facts)})

    async def _facts(self, request: Request) -> Response:
        return JSONResponse(await self._in_thread(self._named(request).facts))

    async def _counts(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type=_METRICS_TYPE)

    async def _answer(self, request: Request) -> Response:
        model = self._named(request)
        if self._in_flight >= self._limits.workers + self._limits.waiting:
            raise HTTPException(
                503, f"{self._in_flight} requests are being answered", {"Retry-After": "1"}
            )
        self._in_flight += 1
        self._metrics.in_flight.inc()
        try:
            body = await self._body(request)
            return JSONResponse(await self._in_thread(partial(self._answered, model, body)))
        except EdgebertError as error:
            raise HTTPException(400, str(error)) from error
        finally:
            self._in_flight -= 1
            self._metrics.in_flight.dec()

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        """Opening a model and answering take their time; the event loop stays free for others."""
        return await to_thread.run_sync(work, limiter=self._threads)

    def _all_facts(self) -> list[dict[str, Any]]:
        return [model.facts() for model in self._models.values()]

    def _answered(self, model: ServedModel, body: bytes) -> dict[str, Any]:
        question = read_request(body, self._limits.texts)
        with self._metrics.seconds.labels(model.name).time():
            answers = [
                model.answer(each.text, each.pair, question.options) for each in question.texts
            ]
        self._metrics.texts.labels(model.name).inc(len(answers))
        return {"answers": answers} if question.several else answers[0]

    def _named(self, request: Request) -> ServedModel:
        name = request.path_params["name"]
        if name not in self._models:
            raise HTTPException(
                404, f"no model {name[:80]!r}; there are: {', '.join(self._models)}"
            )
        return self._models[name]

    async def _body(self, request: Request) -> bytes:
        most = self._limits.body_bytes
        too_large = HTTPException(413, f"the body is larger than {most:,} bytes")
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise too_large
        parts = bytearray()
        try:
            with fail_after(self._limits.body_seconds):
                async for part in request.stream():
                    parts += part
                    if len(parts) > most:
                        raise too_large
        except TimeoutError as error:
            raise HTTPException(
                408, f"the body did not come within {self._limits.body_seconds:g} seconds"
            ) from error
        except ClientDisconnect as error:
            raise HTTPException(400, "the connection was closed") from error
        return bytes(parts)


def _as_json(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _fault(_request: Request, _error: Exception) -> Response:
    """Whatever else goes wrong is logged by the server; a client learns nothing of the inside."""
    return JSONResponse({"error": "the service failed; its log says why"}, 500)
