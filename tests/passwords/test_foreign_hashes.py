"""Hashes of other software, made by that software; each names the library and the version that made it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto.foreign_hashes import absurd_cost, recognise
from app.crypto.password_work import PasswordWork
from app.crypto.passwords import PasswordHasher, Verdict

PASSWORD = "Tr0ub4dor & Zo\u00eb"
PASSWORD_NFD = "Tr0ub4dor & Zoe\u0308"
LONG = "x" * 72 + "tail beyond the cut"
SALT = "c2FsdFNBTFQwMTIzNDU2Nzg5YWJjZA"

DJANGO_PBKDF2 = (
    "pbkdf2_sha256$1000$saltSALT0123456789abcd$N9chc+Ooj4C7ywhQWIGy/mA5ww2ddxPgd6jwTgEKNnA="  # Django 5.2.19
)
DJANGO_PBKDF2_NFD = (
    "pbkdf2_sha256$1000$saltSALT0123456789abcd$j5Hu0H91rDZME7V2wMw2lkTgpD+2tR5Ck29ThymMjXs="  # Django 5.2.19
)
DJANGO_PBKDF2_DEFAULT = (  # Django 5.2.19 as it comes
    "pbkdf2_sha256$1000000$6baxQLhcl5sB7PskskwEag$UV1jdBjagWB082z+tAm4OueeNOzI6X43z7TYG912YWg="
)
DJANGO_BCRYPT_SHA256_LONG = (  # Django 5.2.19 as it comes, over bcrypt 4.3.0
    "bcrypt_sha256$$2b$04$YO3CZYOhKbjkTx/zlBKKK.nMyOrgsMrKBm2S5DCfROquDChnkdjHO"
)
BCRYPT = "$2b$04$XWrFbXxn8rrz.9y7EiCYFeHElmOlL6b1eJgeYAvCLTFO1IgKXE2h6"  # bcrypt 4.3.0
BCRYPT_LONG = "$2b$04$qzLtObv6TvhpchhvYjmCU.RI6DoONZrfE9WR6fjHob6jpWXm2jusa"  # bcrypt 4.3.0
ARGON2_NFD = (  # argon2-cffi 25.1.0, with the very parameters of the hasher under test
    "$argon2id$v=19$m=64,t=1,p=1$QQKHf1umu1lNfD9Fw7cQMA$BawmXHlwGC9Iwb1BT3lilQD1wgSBYTb+HLdazv1OKuY"
)
WERKZEUG_SCRYPT_DEFAULT = (  # Werkzeug 3.1.9 as it comes
    "scrypt:32768:8:1$hAT9TkUeTsdSXolx$2eb0d4fb0f8bc4d12e5c7599b94dbfd148899295e361e11d670467c0871970308ae750d828"
    "a067f63b5b8265ec89c73114edfd2dd271b7ab81cf1e6cfd356a48"
)
FOREIGN = {
    "django_pbkdf2_sha256": DJANGO_PBKDF2,
    "django_argon2": (  # Django 5.2.19 over argon2-cffi 25.1.0
        f"argon2$argon2id$v=19$m=64,t=1,p=1${SALT}$NqaA0qjDNtiWAT06s5MLIOH38+gjTVDZJkMwE4yhWo8"
    ),
    "django_bcrypt_sha256": (  # Django 5.2.19 over bcrypt 4.3.0
        "bcrypt_sha256$$2b$04$V.9gN8dbud75GTFxJ.Zpse1JF5R/2IMJtKUKJlvbcjyr6uRPJCE6G"
    ),
    "werkzeug_pbkdf2 sha256": (  # Werkzeug 3.1.9
        "pbkdf2:sha256:1000$Ea7iA9fnAQhIBzIW$a8c7f5c301ca49423830f9ecb5c380188d5b2b2c981fce289c2ed2b182bf171d"
    ),
    "werkzeug_pbkdf2 sha512": (  # Werkzeug 3.1.9
        "pbkdf2:sha512:1000$TcOA8GVh4jeWKcUt$13aad03ef634b74428dfe8d2c59a4ca91d0c044ec4147e112f1beb9d50af79426a9999"
        "74935cb06c340002364eaf97d7baf3bfadfeec0ee698825f720a4ae8cb"
    ),
    "werkzeug_scrypt": (  # Werkzeug 3.1.9
        "scrypt:1024:8:1$DEONQgEWT2vNqfRJ$30a852842ac3972042d4dbc7b0d4e8ead519126b1558e9a4c9e5426d7247f7d4e7d639bcf6"
        "4931b6fab6e164ba5411150d21c5acf53f381f98ccd81a3e10f807"
    ),
    "werkzeug_salted_sha256": (  # Werkzeug 2.2.3, method "sha256"
        "sha256$Ray2vrQnb6c6UFRW$ba768f401ee4386da0cb67e410fb6e47b8d62b7bb21ee4a53c0194550dd06fba"
    ),
    "pbkdf2_sha256": (  # passlib 1.7.4
        "$pbkdf2-sha256$1000$fM/ZGwPA2Pv///8/B.Dcuw$4O9yQ1aDQZU6hRysG846lAN1VYVocj2qZJo5Lt1K2MA"
    ),
    "bcrypt_sha256 1.7": (  # passlib 1.7.4 over bcrypt 4.3.0
        "$bcrypt-sha256$v=2,t=2b,r=4$phxhDpsEQWhWT/CJ0yZi6u$SpnyIDrPiha.DyjCz2gee9yRGXrqaO2"
    ),
    "bcrypt_sha256 libpass": (  # libpass 1.9.4 over bcrypt 5.0.0
        "$bcrypt-sha256$v=2,t=2b,r=4$qfNcWgBaRWh6uajfrf58n.$UTW35W2kgDGN8RaFAEAnvN2pNZyytEO"
    ),
    "bcrypt 2b": BCRYPT,
    "bcrypt 2a": "$2a$04$tlbNH6s7AYVBU2di8o/Y6OC9abNXwue7SZiZmHtP9ap96sAcAi5ou",  # bcrypt 4.3.0
    "bcrypt 2y": "$2y$04$cUjM/YDmevsJVI0uFqa29u/GJsYYKogF8MPbHy5VOjBEau1gipMHa",  # passlib 1.7.4 over bcrypt 4.3.0
    "argon2 id": (  # argon2-cffi 25.1.0
        "$argon2id$v=19$m=64,t=1,p=2$ONRPdS0+7WhMO6/k7swwGQ$LMYtUu8Bcx4cxga9iq3MC4tbFK1kit6BfqG/yZCU5F4"
    ),
    "argon2 i": (  # argon2-cffi 25.1.0
        "$argon2i$v=19$m=64,t=1,p=1$bK+ZRgQ00ONzkp/QK7u0Ww$685aKwG3SKiYKyEs8MndCAXt15ouR5MRoirwGZq2jFI"
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_foreign_hash_verifies_and_is_replaced_by_one_of_ours(hasher: PasswordHasher, name: str) -> None:
    verdict = await hasher.verify(PASSWORD, FOREIGN[name])

    assert verdict.ok
    assert verdict.upgraded is not None
    assert verdict.upgraded.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert await hasher.verify(PASSWORD, verdict.upgraded) == Verdict(ok=True, upgraded=None)


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_wrong_password_neither_verifies_nor_replaces_a_foreign_hash(hasher: PasswordHasher, name: str) -> None:
    verdicts = [await hasher.verify(text, FOREIGN[name]) for text in ("wrong", PASSWORD + " ", PASSWORD.lower())]

    assert verdicts == [Verdict(ok=False, upgraded=None)] * 3


@pytest.mark.parametrize("name", FOREIGN)
def test_the_scheme_of_a_foreign_hash_is_recognised(name: str) -> None:
    assert recognise(FOREIGN[name]) == name.partition(" ")[0]
    assert not absurd_cost(FOREIGN[name])


async def test_the_defaults_of_django_and_werkzeug_verify(hasher: PasswordHasher) -> None:
    django = await hasher.verify(PASSWORD, DJANGO_PBKDF2_DEFAULT)
    werkzeug = await hasher.verify(PASSWORD, WERKZEUG_SCRYPT_DEFAULT)

    assert (django.ok, werkzeug.ok) == (True, True)


@pytest.mark.parametrize("stored", [DJANGO_PBKDF2_NFD, ARGON2_NFD])
async def test_a_foreign_hash_of_decomposed_text_verifies_as_sent_and_is_replaced(
    hasher: PasswordHasher, stored: str
) -> None:
    verdict = await hasher.verify(PASSWORD_NFD, stored)

    again = await hasher.verify(PASSWORD, verdict.upgraded)

    assert (verdict.ok, again.ok) == (True, True)


async def test_a_foreign_hash_of_composed_text_verifies_however_it_is_typed(hasher: PasswordHasher) -> None:
    verdict = await hasher.verify(PASSWORD_NFD, DJANGO_PBKDF2)

    assert verdict.ok


async def test_bcrypt_is_verified_by_its_own_72_bytes_and_replaced_by_a_hash_of_all(hasher: PasswordHasher) -> None:
    verdict = await hasher.verify(LONG, BCRYPT_LONG)

    upgraded = [await hasher.verify(text, verdict.upgraded) for text in (LONG, LONG[:72], LONG + "x")]

    assert verdict.ok
    assert [each.ok for each in upgraded] == [True, False, False]


async def test_only_plain_bcrypt_is_cut(hasher: PasswordHasher) -> None:
    whole = await hasher.verify(LONG, DJANGO_BCRYPT_SHA256_LONG)
    cut = await hasher.verify(LONG[:72], DJANGO_BCRYPT_SHA256_LONG)

    assert (whole.ok, cut.ok) == (True, False)


@pytest.mark.parametrize("stored", FOREIGN.values(), ids=FOREIGN)
async def test_a_nul_in_the_password_is_wrong_not_an_error(hasher: PasswordHasher, stored: str) -> None:
    verdict = await hasher.verify("Tr0ub\x004dor & Zo\u00eb", stored)

    assert verdict == Verdict(ok=False)


MALFORMED = [
    "",
    "!",
    "plain text",
    "$argon2id$",
    "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAA",  # the digest's last bits cannot be
    "$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",  # less memory than Argon2 has
    "$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=20$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=64,t=1,p=1,keyid=a$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=\u0661\u0661,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
    BCRYPT[:-1],
    BCRYPT + "\n",
    BCRYPT.replace("$04$", "$00$"),
    BCRYPT.replace("$04$", "$03$"),
    "bcrypt_sha256$" + BCRYPT.replace("$04$", "$01$"),
    "$bcrypt-sha256$v=2,t=2b,r=0$phxhDpsEQWhWT/CJ0yZi6u$SpnyIDrPiha.DyjCz2gee9yRGXrqaO2",
    "pbkdf2_sha256$0$salt$N9chc+Ooj4C7ywhQWIGy/mA5ww2ddxPgd6jwTgEKNnA=",
    "pbkdf2_sha256$1000$%$N9chc+Ooj4C7ywhQWIGy/mA5ww2ddxPgd6jwTgEKNnA=",
    "$pbkdf2-sha256$0$fM/ZGwPA2Pv$4O9yQ1aDQZU6hRysG846lAN1VYVocj2qZJo5Lt1K2MA",
    "$pbkdf2-sha256$01$a$4O9yQ1aDQZU6hRysG846lAN1VYVocj2qZJo5Lt1K2MA",
    "pbkdf2:sha256:0$salt$" + "a" * 64,
    "pbkdf2:sha256:1$salt$" + "a" * 63,
    "pbkdf2:md5:1$salt$" + "a" * 32,
    "scrypt:0:8:1$salt$" + "a" * 128,
    "scrypt:1:8:1$salt$" + "a" * 128,
    "scrypt:1000:8:1$salt$" + "a" * 128,
    "scrypt:1024:0:1$salt$" + "a" * 128,
    "scrypt:1024:8:0$salt$" + "a" * 128,
    "sha256$$" + "a" * 64,
    "sha256$\ud800$" + "a" * 64,
    "sha256$" + "s" * 100_000 + "$" + "a" * 64,
]


@pytest.mark.parametrize("stored", MALFORMED, ids=lambda text: ascii(text)[:40])
async def test_a_malformed_hash_is_wrong_after_a_dummy_hash(
    hasher: PasswordHasher, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    work = hasher._work
    assert isinstance(work, PasswordWork)
    verify = work._context.verify

    def remembering(secret: bytes, against: str) -> bool:
        verified.append(against)
        return verify(secret, against)

    monkeypatch.setattr(work._context, "verify", remembering)

    verdict = await hasher.verify(PASSWORD, stored)

    assert verdict == Verdict(ok=False)
    assert work._dummy in verified


ABSURD = [
    f"$argon2id$v=19$m=1048577,t=1,p=1${SALT}$c2FsdHNhbHRzYWx0c2FsdA",
    f"$argon2id$v=19$m=65536,t=4000000000,p=1${SALT}$c2FsdHNhbHRzYWx0c2FsdA",
    f"argon2$argon2id$v=19$m=65536,t=3,p=9999999${SALT}$c2FsdHNhbHRzYWx0c2FsdA",
    BCRYPT.replace("$04$", "$31$"),
    "bcrypt_sha256$" + BCRYPT.replace("$04$", "$17$"),
    "$bcrypt-sha256$v=2,t=2b,r=31$phxhDpsEQWhWT/CJ0yZi6u$SpnyIDrPiha.DyjCz2gee9yRGXrqaO2",
    "pbkdf2_sha256$4000000000$salt$N9chc+Ooj4C7ywhQWIGy/mA5ww2ddxPgd6jwTgEKNnA=",
    "$pbkdf2-sha256$4000000000$fM/ZGwPA2Pv$4O9yQ1aDQZU6hRysG846lAN1VYVocj2qZJo5Lt1K2MA",
    "pbkdf2:sha512:4000000000$salt$" + "a" * 128,
    "scrypt:8388608:8:1$salt$" + "a" * 128,
    "scrypt:32768:8:1000000$salt$" + "a" * 128,
]


@pytest.mark.parametrize("stored", ABSURD, ids=lambda text: text[:40])
async def test_a_hash_of_absurd_cost_is_never_computed(hasher: PasswordHasher, stored: str) -> None:
    began = time.perf_counter()
    verdict = await hasher.verify(PASSWORD, stored)
    seconds = time.perf_counter() - began

    assert absurd_cost(stored)
    assert verdict == Verdict(ok=False)
    assert seconds < 1


@pytest.mark.parametrize(
    "stored",
    [
        f"$argon2id$v=19$m=65536,t=3,p=4${SALT}$c2FsdHNhbHRzYWx0c2FsdA",
        f"$argon2id$v=19$m=1048576,t=4,p=8${SALT}$c2FsdHNhbHRzYWx0c2FsdA",
        BCRYPT.replace("$04$", "$14$"),
        "pbkdf2_sha256$1500000$salt$N9chc+Ooj4C7ywhQWIGy/mA5ww2ddxPgd6jwTgEKNnA=",
        "scrypt:131072:8:5$salt$" + "a" * 128,
    ],
)
def test_what_is_recommended_anywhere_is_not_absurd(stored: str) -> None:
    assert not absurd_cost(stored)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | st.from_regex(r"[$:a-z0-9=,]{0,80}", fullmatch=True))
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    assert recognise(text) is None
    assert not absurd_cost(text)
