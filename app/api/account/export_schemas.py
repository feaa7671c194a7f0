"""The body of the export of one's own data."""

from uuid import UUID

from pydantic import BaseModel, Field

from app.api.account.schemas import User
from app.api.models import Moment
from app.domain.account_lifecycle.own_data import OwnData
from app.domain.revocation.entries import Entry
from app.domain.sessions.records import SessionRecord

_NOTE = (
    "This is everything that is stored about you. No password is stored, only a hash of it; and no access or refresh "
    "token: they are signed and handed out. Sessions are deleted a day after their last possible use, revocations when "
    "the last token that they refuse has expired. Beside the database the service writes a log of what happens to "
    "accounts, such as log-ins, with your id, network address and user agent; whoever runs the service keeps it and "
    "can say for how long."
)


class Withheld(BaseModel):
    """Something stored that is left out."""

    what: str
    why: str


_WITHHELD = [
    Withheld(what="users.password_hash", why="Whoever has it can try passwords against it."),
    Withheld(what="sessions.retry_key", why="A digest of a secret of your client."),
    Withheld(what="revocations.seq", why="A serial number of the database, not about you."),
    Withheld(what="revocations.xid", why="A transaction number of the database, not about you."),
]


class ExportedUser(User):
    """You; the keys are the forms in which your name and address are compared."""

    username_key: str
    email_key: str | None
    epoch: int = Field(description="Access tokens with a lower epoch may have been revoked.")


class ExportedSession(BaseModel):
    """A signed-in device, with when it was used and until when it may be."""

    id: UUID
    client: str
    label: str | None
    ip: str | None
    user_agent: str | None
    scope: list[str]
    amr: list[str] = Field(description="How you proved who you are (RFC 8176).")
    auth_time: Moment
    generation: int = Field(description="How often its refresh token has been rotated.")
    rotated_at: Moment
    retry_key_counts: bool = Field(description="Whether a retry with the last Idempotency-Key is answered.")
    created_at: Moment
    last_used_at: Moment
    access_expires_at: Moment
    idle_expires_at: Moment
    expires_at: Moment
    ended_at: Moment | None
    end_reason: str | None

    @classmethod
    def of(cls, session: SessionRecord) -> "ExportedSession":
        """The body for this session."""
        return cls(**vars(session) | {"scope": list(session.scope), "amr": list(session.amr)})


class ExportedRevocation(BaseModel):
    """Has access tokens refused: those of a session, or yours of an epoch below `min_epoch`."""

    kind: str
    subject: str
    min_epoch: int | None
    reason: str
    created_at: Moment
    expires_at: Moment | None

    @classmethod
    def of(cls, entry: Entry) -> "ExportedRevocation":
        """The body for this entry."""
        return cls(
            kind=entry.kind,
            subject=entry.subject,
            min_epoch=entry.min_epoch,
            reason=entry.reason,
            created_at=entry.created_at,
            expires_at=entry.expires_at,
        )


class OwnDataResponse(BaseModel):
    """Everything that is held about you."""

    exported_at: Moment
    note: str = Field(description="What is not stored, and what is stored elsewhere.")
    user: ExportedUser
    sessions: list[ExportedSession]
    revocations: list[ExportedRevocation]
    withheld: list[Withheld]

    @classmethod
    def of(cls, own: OwnData) -> "OwnDataResponse":
        """The body for this data."""
        user = User.of(own.user).model_dump()
        return cls(
            exported_at=own.collected_at,
            note=_NOTE,
            user=ExportedUser(**user, username_key=own.username_key, email_key=own.email_key, epoch=own.user.epoch),
            sessions=[ExportedSession.of(session) for session in own.sessions],
            revocations=[ExportedRevocation.of(entry) for entry in own.revocations],
            withheld=_WITHHELD,
        )
