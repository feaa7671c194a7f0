"""The address a request came from."""

from ipaddress import ip_address

from starlette.types import Scope


def client_address(scope: Scope) -> str | None:
    """The client's address, as the server saw it or a trusted proxy told it; None when that is no address at all.

    A proxy passes on what it was told: only what is an address may be stored, shown or logged.
    """
    client = scope.get("client")
    if not client:
        return None
    try:
        return str(ip_address(client[0]))
    except ValueError:
        return None
