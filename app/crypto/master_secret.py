"""Makes the master secret of the embedded default, once, where only its owner can read it."""

import os
import secrets
from pathlib import Path

_BYTES = 48


def read_or_make(path: Path) -> tuple[str, bool]:
    """The secret in the file, and whether it was made just now. Of several that start at once, one makes it for all."""
    try:
        return path.read_text(encoding="ascii").strip(), False
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where another was quicker; unlike a rename, it never replaces
        made = True
    except FileExistsError:
        made = False
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip(), made
