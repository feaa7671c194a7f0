"""The systems that Signet was asked to equal first, each as one test that plays its story as far as it is built."""

from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from tests.support.service import MovableClock, bearer, running, settings_for_tests

PASSWORD = "engine of differences"


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "PS256", "ES256"])
async def test_the_authorization_microservice_with_pyjwt(database_url: str, tmp_path: Path, algorithm: str) -> None:
    """Algorithms by setting, times in the token, a versioned API, and a guard: ordinary users cannot list all users."""
    settings = settings_for_tests(database_url, tmp_path, tokens={"algorithm": algorithm})
    async with running(settings) as service:
        await service.register()
        user = await service.login()
        administrator = await service.administrator()
        header = jwt.get_unverified_header(user["access_token"])
        claims = jwt.decode(user["access_token"], options={"verify_signature": False})

        by_user = await service.client.get("/api/v1/users", headers=bearer(user["access_token"]))
        by_administrator = await service.client.get("/api/v1/users", headers=bearer(administrator["access_token"]))

        assert header["alg"] == algorithm
        assert header["typ"] == "at+jwt"
        assert claims["nbf"] == claims["iat"] < claims["exp"]
        assert by_user.status_code == 403
        assert by_user.json()["code"] == "insufficient_scope"
        assert [found["username"] for found in by_administrator.json()["items"]] == ["ada", "root"]


async def test_the_api_gateway_demo_with_flask(database_url: str, tmp_path: Path) -> None:
    """Register, log in with Basic for a 45-minute token, send it in `x-access-tokens`; nobody ever sees a hash."""
    settings = settings_for_tests(
        database_url, tmp_path, tokens={"access_lifetime": timedelta(minutes=45), "extra_header": "x-access-tokens"}
    )
    async with running(settings) as service:
        registered = await service.register()
        answer = await service.client.post("/api/v1/auth/login", auth=("ada", PASSWORD))
        token = answer.json()["access_token"]

        with_token = await service.client.get("/api/v1/users/me", headers={"x-access-tokens": token})
        without = await service.client.get("/api/v1/users/me")
        administrator = await service.administrator()
        listed = await service.client.get("/api/v1/users", headers={"x-access-tokens": administrator["access_token"]})

        assert 45 * 60 * 0.94 < answer.json()["expires_in"] <= 45 * 60
        assert with_token.json()["id"] == registered["id"]
        assert without.status_code == 401
        assert len(listed.json()["items"]) == 2
        assert all("argon2" not in text for text in (answer.text, with_token.text, listed.text))


async def test_simple_jwt_with_django_rest_framework(database_url: str, tmp_path: Path) -> None:
    """An access and a refresh token, of five minutes and of 24 hours, and the one refreshes the other."""
    clock = MovableClock()
    settings = settings_for_tests(
        database_url,
        tmp_path,
        tokens={"access_lifetime": "300"},
        sessions={"lifetime": "PT24H", "idle_lifetime": "PT24H"},
    )
    async with running(settings, clock) as service:
        await service.register()
        pair = await service.login()
        clock.advance(timedelta(minutes=6))
        stale = await service.me(pair["access_token"])
        refreshed = await service.refresh(pair["refresh_token"])
        fresh = await service.me(refreshed.json()["access_token"])
        clock.advance(timedelta(hours=24))
        too_late = await service.refresh(refreshed.json()["refresh_token"])

        assert 300 * 0.94 < pair["expires_in"] <= 300
        assert pair["refresh_expires_in"] == 24 * 3600
        assert stale.status_code == 401
        assert fresh.status_code == 200
        assert too_late.json()["code"] == "invalid_refresh_token"


async def test_the_users_microservice_and_its_words(database_url: str, tmp_path: Path) -> None:
    """Lifetimes and hash cost by settings, `exp`, `iat` and `sub`; expired and forged are told apart in words."""
    clock = MovableClock()
    async with running(settings_for_tests(database_url, tmp_path), clock) as service:
        registered = await service.register()
        token = (await service.login())["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        head, payload, signature = token.split(".")
        forged = await service.me(f"{head}.{payload}.{signature[::-1]}")
        clock.advance(timedelta(days=1))
        expired = await service.me(token)

        assert claims["sub"] == registered["id"]
        assert claims["exp"] > claims["iat"]
        assert expired.status_code == forged.status_code == 401
        assert expired.json()["detail"] == "Signature expired. Please log in again."
        assert forged.json()["detail"] == "Invalid token. Please log in again."


async def test_jwt_with_a_fastapi_style_service(database_url: str, tmp_path: Path) -> None:
    """Registering answers 201, and the time of creation is kept."""
    clock = MovableClock()
    async with running(settings_for_tests(database_url, tmp_path), clock) as service:
        answer = await service.client.post("/api/v1/auth/register", json={"username": "ada", "password": PASSWORD})
        clock.advance(timedelta(minutes=1))
        me = await service.me((await service.login())["access_token"])

        assert answer.status_code == 201
        assert me.json()["created_at"] == answer.json()["created_at"]
        assert me.json()["created_at"].endswith("Z")
