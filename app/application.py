"""Assembles the ASGI application: routes, errors, what stands around them, start and stop."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.api import include_routers
from app.api.errors import render_errors
from app.api.openapi import DESCRIPTION, TAGS, describe
from app.composition import Services
from app.gateway.verify import GatewayVerify
from app.http.middleware import wrap
from app.pages import include_pages


def create_api(services: Services) -> FastAPI:
    """The framework's part: routes, their errors, their document."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await services.start()
        gc.collect()
        gc.freeze()  # what was built at start lives as long as the process: the collector need not look at it again
        try:
            yield
        finally:
            await services.stop()

    app = FastAPI(
        title="Signet",
        summary="A self-hosted token service.",
        description=DESCRIPTION,
        version=version("signet"),
        openapi_tags=TAGS,
        license_info={"name": "MIT", "identifier": "MIT"},
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.services = services
    render_errors(app)
    include_routers(app)
    include_pages(app)
    describe(app)
    if origins := services.settings.server.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
            max_age=600,
        )
    return app


def create_application(services: Services) -> ASGIApp:
    """All of it, ready for a server."""
    settings = services.settings
    app = GatewayVerify(
        create_api(services), verifier=services.verifier, audit=services.audit, extra_header=services.extra_header
    )
    return wrap(app, access_log=settings.log.access, https=settings.issuer.startswith("https://"))
