"""What goes wrong with signing keys."""

from app.errors import NotFoundError, UnavailableError


class UnknownKeyError(NotFoundError):
    """There is no signing key of that `kid`."""

    title = "There is no signing key of this name."


class NoSigningKeyError(UnavailableError):
    """The ring holds no key that could sign: it has not been loaded, or every key was revoked."""

    title = "Tokens cannot be signed now. Try again soon."


class KeysSealedError(UnavailableError):
    """A live signing key cannot be opened. Start-up refuses with `sentence`, which is for the operator only."""

    title = "A part of the service that this needs is not available now. Try again soon."

    def __init__(self, kids: tuple[str, ...]) -> None:
        super().__init__()
        self.kids = kids
        self.sentence = (
            f"the signing keys in the database ({', '.join(kids)}) were sealed under another secret: "
            "set SIGNET_SECRET_KEY to the secret they were made with, or add that one to SIGNET_PREVIOUS_SECRET_KEYS"
        )

    def __str__(self) -> str:
        return self.sentence
