"""`/api/v1/keys` and the public keys at `/.well-known/jwks.json`."""

from typing import Any

import jwt
import pytest

from tests.api.support import Person, administrator, assert_problem, broken_rules
from tests.support.service import Service


async def states(root: Person) -> dict[str, list[str]]:
    """The key ids by state."""
    answer = await root.ask("GET", "/keys")
    found: dict[str, list[str]] = {}
    for key in answer.json()["items"]:
        found.setdefault(key["state"], []).append(key["kid"])
    return found


async def published(service: Service) -> set[str]:
    answer = await service.client.get("/.well-known/jwks.json")
    return {key["kid"] for key in answer.json()["keys"]}


async def test_keys_are_listed_with_their_lives_and_nothing_secret(service: Service) -> None:
    root = await administrator(service)

    answer = await root.ask("GET", "/keys")

    body = answer.json()
    assert set(body) == {"items", "next_cursor"}
    assert [key["state"] for key in body["items"]] == ["active", "next"]
    for key in body["items"]:
        assert set(key) == {
            "kid", "algorithm", "state", "created_at", "published_at", "activates_at", "retires_at", "gone_at",
        }  # fmt: skip
        assert key["algorithm"] == "ES256"
        assert key["created_at"].endswith("Z")
    assert await published(service) == {key["kid"] for key in body["items"]}


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"json": {"now": False}}], ids=["nothing", "empty", "false"])
async def test_rotating_lets_the_next_key_sign_only_when_it_is_known(service: Service, sent: dict[str, Any]) -> None:
    root = await administrator(service)
    before = await states(root)

    answer = await root.ask("POST", "/keys/rotate", **sent)

    assert answer.status_code == 200
    assert answer.json() == (await root.ask("GET", "/keys")).json()
    assert (await states(root))["active"] == before["active"]
    assert set(before["next"]) <= await published(service)


async def test_rotating_now_signs_with_the_next_key_and_the_old_tokens_hold(service: Service) -> None:
    root = await administrator(service)
    before = await states(root)

    answer = await root.ask("POST", "/keys/rotate", json={"now": True})

    after = await states(root)
    assert answer.status_code == 200
    assert after["active"] == before["next"]
    assert after["retiring"] == before["active"]
    assert len(after["next"]) == 1
    assert await published(service) == {kid for kids in after.values() for kid in kids}
    assert (await root.me()).status_code == 200
    await root.refresh()
    assert jwt.get_unverified_header(root.access_token)["kid"] == after["active"][0]
    assert (await root.me()).status_code == 200


@pytest.mark.parametrize("body", [{"now": "true"}, {"now": 1}, {"now": None}, {"kid": "x"}, []])
async def test_a_rotation_that_is_none_is_refused(root: Person, body: Any) -> None:
    before = await states(root)

    assert broken_rules(await root.ask("POST", "/keys/rotate", json=body))
    assert await states(root) == before


async def test_the_public_keys_may_be_cached_and_asked_for_by_etag(shared: Service) -> None:
    first = await shared.client.get("/.well-known/jwks.json")
    etag = first.headers["etag"]

    same = await shared.client.get("/.well-known/jwks.json", headers={"If-None-Match": f'"other", W/{etag}'})
    other = await shared.client.get("/.well-known/jwks.json", headers={"If-None-Match": '"other"'})

    assert first.headers["cache-control"] == "public, max-age=600"
    assert first.headers["content-type"] == "application/json"
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in first.json()["keys"])
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == etag
    assert (other.status_code, other.content) == (200, first.content)


async def test_there_is_no_single_key_to_see(root: Person) -> None:
    assert_problem(await root.ask("GET", "/keys/rotate"), 405, "method_not_allowed")
    assert_problem(await root.ask("GET", "/keys/x"), 404, "not_found")
