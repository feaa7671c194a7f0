"""Makes the ids of everything that is stored: UUIDv7 (RFC 9562 section 5.7), so that new rows lie beside each other."""

import sys
from uuid import UUID

if sys.version_info >= (3, 14):
    from uuid import uuid7 as _uuid7
else:
    from uuid_utils.compat import uuid7 as _uuid7


def new_id() -> UUID:
    """A fresh UUIDv7. An id is not a secret (ASVS 11.5.1): never use one where guessing must be impossible."""
    return _uuid7()


def parse_id(text: str) -> UUID | None:
    """The id that `text` spells in the canonical 36-character form, else None."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
