"""The JSON door: every router and its prefix, one line each."""

from fastapi import FastAPI

from app.api import health
from app.api.account import export, me, sessions
from app.api.admin import keys, users
from app.api.auth import login, logout, refresh, register, token
from app.api.well_known import jwks

V1 = "/api/v1"


def include_routers(app: FastAPI) -> None:
    """Mount them all."""
    app.include_router(register.router, prefix=f"{V1}/auth", tags=["Authentication"])
    app.include_router(login.router, prefix=f"{V1}/auth", tags=["Authentication"])
    app.include_router(token.router, prefix=f"{V1}/auth", tags=["Authentication"])
    app.include_router(refresh.router, prefix=f"{V1}/auth", tags=["Authentication"])
    app.include_router(logout.router, prefix=f"{V1}/auth", tags=["Authentication"])
    app.include_router(me.router, prefix=f"{V1}/users/me", tags=["Current user"])
    app.include_router(export.router, prefix=f"{V1}/users/me", tags=["Current user"])
    app.include_router(sessions.router, prefix=f"{V1}/users/me", tags=["Current user"])
    app.include_router(users.router, prefix=V1, tags=["Administration"])
    app.include_router(keys.router, prefix=V1, tags=["Administration"])
    app.include_router(jwks.router, tags=["For other services"])
    app.include_router(health.router, tags=["Operations"])
