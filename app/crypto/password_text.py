"""Which texts can be passwords, and the one form in which ours are hashed.

NIST SP 800-63B-4 section 3.1.1.2 and RFC 8265 section 4.2: a password is Unicode text in normal form C, compared
whole. Nothing is trimmed, folded, cut or forbidden; only the length is bounded, so that nobody makes us work for it.
"""

import unicodedata

MAX_BYTES = 1024
# Text in NFC grows at most threefold in UTF-8 when it is decomposed (Unicode FAQ, Normalization). Normalising takes
# quadratic time on a long run of accents, so what cannot become short enough is refused before it.
_MAX_BYTES_AS_SENT = 4 * MAX_BYTES


class PasswordTooLongError(ValueError):
    """The password has more than 1,024 bytes in UTF-8 after NFC."""


def nfc(password: str) -> str:
    """The password in normal form C, so that é is one password however the keyboard spells it.

    Raises:
        PasswordTooLongError: it would have more than 1,024 bytes.
        UnicodeEncodeError: it holds a lone surrogate, which no encoding can carry. Like the other a `ValueError`.
    """
    if len(password) > _MAX_BYTES_AS_SENT or len(password.encode()) > _MAX_BYTES_AS_SENT:
        raise PasswordTooLongError
    normal = unicodedata.normalize("NFC", password)
    if len(normal.encode()) > MAX_BYTES:
        raise PasswordTooLongError
    return normal
