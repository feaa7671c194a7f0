"""The walk that everything else is built around."""

from tests.support.service import Service


async def test_register_login_me_refresh(service: Service) -> None:
    registered = await service.register(email="ada@example.org")
    first = await service.login()
    me = await service.me(first["access_token"])
    second = (await service.refresh(first["refresh_token"])).json()
    me_again = await service.me(second["access_token"])

    assert me.status_code == me_again.status_code == 200
    assert me.json()["id"] == registered["id"]
    assert set(registered) == {
        "id", "username", "email", "email_verified", "is_active", "roles", "created_at", "updated_at", "last_login_at",
    }  # fmt: skip
    assert first["token_type"] == "Bearer"
    assert second["refresh_token"] != first["refresh_token"]
