import json
from typing import Any

import pytest

from app.cli import users
from tests.cli.conftest import Terminal
from tests.support.service import Service

PASSWORD = "engine of differences"


async def login_status(service: Service, username: str, password: str = PASSWORD) -> int:
    body = {"username": username, "password": password}
    return (await service.client.post("/api/v1/auth/login", json=body)).status_code


async def test_a_user_is_made_with_a_password_that_is_shown_once(signet: Terminal, service: Service) -> None:
    made = await signet("users", "create", "ada", "--email", "ada@example.org", "--admin", "--json")

    assert made.json["roles"] == ["admin"]
    assert made.json["email"] == "ada@example.org"
    assert await login_status(service, "ada", made.json["password"]) == 200


async def test_a_password_from_standard_input_is_shown_nowhere(signet: Terminal, service: Service) -> None:
    made = await signet("users", "create", "ada", "--password-stdin", given=PASSWORD + "\n")

    assert made.code == 0
    assert PASSWORD not in made.out + made.err
    assert await login_status(service, "ada") == 200


async def test_a_password_that_is_not_text_is_refused_in_a_sentence(signet: Terminal) -> None:
    refused = await signet("users", "create", "ada", "--password-stdin", given=b"\xff\xfe\xfd")

    assert (refused.code, refused.err) == (1, "signet: What came on standard input is not UTF-8.\n")


async def test_a_refusal_says_which_rule_was_broken(signet: Terminal) -> None:
    refused = await signet("users", "create", "a", "--password-stdin", given=PASSWORD)

    assert refused.code == 1
    assert refused.err.count("\n") == 1
    assert "at least 3 characters" in refused.err


async def test_the_list_goes_through_all_pages_in_the_order_of_coming(
    signet: Terminal, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "_PAGE", 2)
    names = [f"user-{number}" for number in range(5)]
    for name in names:
        await service.register(name)

    listed = await signet("users", "list", "--json")
    table = await signet("users", "list")

    assert [user["username"] for user in listed.json] == names
    assert [line.split()[0] for line in table.out.splitlines()] == ["USERNAME", *names]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--search", "OVE"), ["lovelace"]),
        (("--role", "admin"), ["root"]),
        (("--active",), ["lovelace", "root"]),
        (("--inactive",), ["babbage"]),
        (("--role", "admin", "--inactive"), []),
    ],
)
async def test_the_list_can_be_filtered(
    signet: Terminal, service: Service, filters: tuple[str, ...], found: list[str]
) -> None:
    for name in ("lovelace", "babbage"):
        await service.register(name)
    await service.administrator("root")
    await signet("users", "disable", "babbage")

    listed = await signet("users", "list", "--json", *filters)

    assert [user["username"] for user in listed.json] == found


async def test_a_user_is_shown_by_any_of_their_names_with_their_live_sessions(
    signet: Terminal, service: Service
) -> None:
    user = await service.register("ada", email="ada@example.org")
    await service.login()
    gone = await service.login()
    await service.client.post("/api/v1/auth/logout", json={"refresh_token": gone["refresh_token"]})

    shown = [(await signet("users", "show", name, "--json")).json for name in ("ADA", "ada@example.org", user["id"])]

    assert shown[0] == shown[1] == shown[2]
    assert shown[0]["live_sessions"] == 1
    assert {name: shown[0][name] for name in ("id", "username", "email", "roles")} == {
        "id": user["id"],
        "username": "ada",
        "email": "ada@example.org",
        "roles": [],
    }
    assert shown[0]["created_at"].endswith("Z")


async def test_an_id_means_its_user_even_when_somebody_calls_themselves_so(signet: Terminal, service: Service) -> None:
    user = await service.register("ada")
    await service.register(user["id"])

    shown = await signet("users", "show", user["id"], "--json")

    assert shown.json["username"] == "ada"


async def test_a_disabled_user_cannot_log_in_until_they_are_enabled(signet: Terminal, service: Service) -> None:
    await service.register("ada")

    disabled = await signet("users", "disable", "ada")
    while_disabled = await login_status(service, "ada")
    await signet("users", "enable", "ada")

    assert disabled.out.startswith("ada (")
    assert disabled.out.endswith(") is disabled.\n")
    assert while_disabled == 401
    assert await login_status(service, "ada") == 200


async def test_roles_are_given_and_taken(signet: Terminal, service: Service) -> None:
    await service.register("ada")

    given = await signet("users", "grant", "ada", "editor", "--json")
    taken = await signet("users", "revoke-role", "ada", "editor", "--json")

    assert given.json["roles"] == ["editor"]
    assert taken.json["roles"] == []


async def test_logging_out_ends_every_session(signet: Terminal, service: Service) -> None:
    await service.register("ada")
    tokens: list[dict[str, Any]] = [await service.login(), await service.login()]

    done = await signet("users", "logout", "ada")

    assert done.code == 0
    assert {(await service.refresh(pair["refresh_token"])).status_code for pair in tokens} == {401}


async def test_the_last_administrator_cannot_be_disabled(signet: Terminal, service: Service) -> None:
    await service.administrator("root")

    refused = await signet("users", "disable", "root")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "signet: This is the last active administrator: make another one first.\n"


@pytest.mark.parametrize("command", ["show", "disable", "enable", "logout"])
async def test_nobody_of_that_name_is_one_sentence(signet: Terminal, command: str) -> None:
    refused = await signet("users", command, "nobody@nowhere")

    assert (refused.code, refused.out, refused.err) == (1, "", "signet: There is no such user.\n")


async def test_no_hash_is_ever_printed(signet: Terminal, service: Service) -> None:
    await service.register("ada")

    printed = [await signet("users", *command) for command in (("list",), ("list", "--json"), ("show", "ada"))]

    assert not any("argon2" in done.out or "password" in done.out for done in printed)
    assert json.loads(printed[1].out)[0]["username"] == "ada"
