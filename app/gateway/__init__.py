"""The gateway's door: forward auth for reverse proxies, plain ASGI in front of the framework."""
