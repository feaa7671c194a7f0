"""The hot routes keep to their number of SQL statements."""

from tests.support.service import Service, bearer
from tests.support.statements import statements_of


async def test_registering_takes_two_statements_at_most(service: Service) -> None:
    with statements_of(service) as sent:
        await service.register(email="ada@example.org")

    assert 1 <= len(sent) <= 2


async def test_logging_in_reads_claims_and_inserts(service: Service) -> None:
    await service.register()

    with statements_of(service) as sent:
        await service.login()

    assert [statement.split()[0] for statement in sent] == ["SELECT", "UPDATE", "INSERT"]


async def test_a_refresh_is_one_statement(service: Service) -> None:
    await service.register()
    tokens = await service.login()

    with statements_of(service) as sent:
        answer = await service.refresh(tokens["refresh_token"], "k" * 22)

    assert answer.status_code == 200
    assert [statement.split()[0] for statement in sent] == ["UPDATE"]


async def test_the_current_user_is_one_statement_and_the_claims_none(service: Service) -> None:
    await service.register()
    token = (await service.login())["access_token"]

    with statements_of(service) as by_claims:
        claims = await service.services.verifier.verify(token)
    with statements_of(service) as by_user:
        me = await service.me(token)

    assert by_claims == []
    assert len(by_user) == 1
    assert me.json()["id"] == str(claims.subject)


async def test_a_bad_bearer_asks_the_database_nothing(service: Service) -> None:
    await service.register()
    token = (await service.login())["access_token"]
    await service.client.post("/api/v1/auth/logout", headers=bearer(token))

    with statements_of(service) as sent:
        revoked = await service.me(token)
        forged = await service.me(token[:-4] + "AAAA")

    assert revoked.status_code == forged.status_code == 401
    assert sent == []
