"""Strings and values that services trip over."""

from typing import Any

STRINGS: dict[str, str] = {
    "empty": "",
    "blank": "   ",
    "nul": "a\x00b",
    "nul alone": "\x00",
    "nul and space": "\x00 '\x00",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x85",
    "line break": "ada\r\nSet-Cookie: a=b",
    "escape sequence": "\x1b[2J\x1b]0;title\x07",
    "lone high surrogate": "a\ud800",
    "lone low surrogate": "\udfffb",
    "swapped surrogates": "\udfff\ud800",
    "right-to-left override": "\u202eadmin\u202c",
    "zero width": "ad\u200ba\u2060\ufeff",
    "separators": "a\u2028b\u2029c",
    "emoji": "👩\u200d👩\u200d👧\u200d👦🏴\U000e0067\U000e0062\U000e007f",
    "combining": "a" + "\u0301" * 500,
    "expands under nfkc": "\ufdfa" * 60,
    "last code points": "\uffff\U0010ffff",
    "turkish": "ADM\u0130N\u0131",
    "sharp s": "straße ẞ",
    "sql quote": "' OR '1'='1' --",
    "sql statement": "x'); DROP TABLE users; --",
    "sql pattern": "%_\\%",
    "percent format": "%s%n%(password)s%%",
    "brace format": "{0.__class__.__mro__}{}{username}",
    "template": "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "jndi": "${jndi:ldap://127.0.0.1/a}",
    "markup": "<script>alert(1)</script>&amp;\"'",
    "path": "../../../../etc/passwd\x00.png",
    "url": "//evil.example/%2e%2e;@evil.example#?",
    "number": "1e309",
    "nan": "NaN",
    "null": "null",
    "boolean": "true",
    "json": '{"admin": true}',
    "64 kB": "a" * 62_000,
    "64 kB of four bytes": "😀" * 5000,
    "64 kB of accents": "\u0301" * 10_000,
    "many at signs": "@" * 300,
    "many dots": "a." * 160,
    "address with line break": "ada@example.org\r\nBcc: eve@example.org",
    "quoted address": '"a b"@example.org',
    "two addresses": "ada@example.org,eve@example.org",
    "dots that are none": "ada@example。org",
}

ENOUGH = {
    name: STRINGS[name]
    for name in (
        "blank", "nul", "control characters", "line break", "right-to-left override", "emoji", "expands under nfkc",
        "sql quote", "sql pattern", "percent format", "path", "64 kB",
    )
}  # fmt: skip
"""One of each kind that can be percent-encoded, for the many places that are asked in paths, queries and headers."""

NO_STRINGS: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "fraction": 0.1,
    "large": 2**63,
    "huge": 10**400,
    "not a number": float("nan"),
    "infinite": float("inf"),
    "list": [],
    "list of strings": ["ada"],
    "nested lists": [[[[[]]]]],
    "object": {},
    "nested objects": {"$ne": None, "length": 8, "toString": "ada"},
}
