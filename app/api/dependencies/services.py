"""Hands the object graph, which is built once, to the routes."""

from typing import Annotated

from fastapi import Depends, Request

from app.composition import Services as _Services


async def services(request: Request) -> _Services:
    """The graph that the application was built with."""
    graph: _Services = request.app.state.services
    return graph


Services = Annotated[_Services, Depends(services)]
