"""What sessions are supposed to do, in plain Python: a model that predicts every answer of the service."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tests.sessions.support import DAY, IDLE, LEEWAY, LIFETIME, SESSION_LIFETIME


@dataclass
class ModelUser:
    name: str
    id: UUID
    password: str
    active: bool = True
    roles: tuple[str, ...] = ()

    @property
    def scope(self) -> tuple[str, ...]:
        """All that the user may have now."""
        return ("account", "books:write") if self.roles else ("account",)


@dataclass
class ModelSession:
    id: UUID
    user: ModelUser
    began: datetime
    refresh_tokens: list[str]
    """By generation."""
    scope: tuple[str, ...] = field(init=False)
    """What was granted at log-in."""
    rotated_at: datetime = field(init=False)
    idle_expires_at: datetime = field(init=False)
    access_expires_at: datetime = field(init=False)
    key: str | None = None
    key_counts: bool = False
    end_reason: str | None = None
    revoked: bool = False
    pruned: bool = False

    def __post_init__(self) -> None:
        self.scope = self.user.scope
        self.rotated_at = self.began
        self.idle_expires_at = self.began + IDLE
        self.access_expires_at = self.began + LIFETIME

    @property
    def expires_at(self) -> datetime:
        return self.began + SESSION_LIFETIME

    @property
    def generation(self) -> int:
        return len(self.refresh_tokens) - 1

    def lives(self, now: datetime) -> bool:
        """Whether time and endings leave it alone."""
        return not self.pruned and self.end_reason is None and min(self.idle_expires_at, self.expires_at) > now

    def end(self, reason: str, now: datetime) -> None:
        """The first ending counts; one that comes after the session lapsed settles it as what it had become."""
        if self.pruned or self.end_reason is not None:
            return
        lapsed = "idle" if self.idle_expires_at < self.expires_at else "expired"
        self.end_reason = reason if self.lives(now) else lapsed
        self.revoked = True

    def rotate(self, key: str | None, now: datetime) -> None:
        """What a refresh with the newest token does, but for the successor's text."""
        self.key_counts = key is not None and key != self.key
        self.key, self.rotated_at = key, now
        self.idle_expires_at = min(self.expires_at, now + IDLE)
        self.access_expires_at = max(self.access_expires_at, min(self.expires_at, now + LIFETIME))

    def is_retry(self, generation: int, key: str | None, now: datetime) -> bool:
        """Whether a token that is not the newest gets the same successor again."""
        in_time = now - self.rotated_at < LEEWAY
        same_rotation = key is not None and key == self.key and self.key_counts
        return generation == self.generation - 1 and (in_time or same_rotation)

    def refreshed(self, generation: int, key: str | None, now: datetime) -> bool:
        """Whether this refresh brings tokens; the session follows, but for the text of a new successor."""
        if not (self.lives(now) and self.user.active):
            return False
        if generation == self.generation:
            self.rotate(key, now)
            return True
        if self.is_retry(generation, key, now):
            if self.access_expires_at - now < LIFETIME / 2:
                self.access_expires_at = min(self.expires_at, now + LIFETIME)
            return True
        self.end("refresh_token_reused", now)
        return False


@dataclass
class ModelAccess:
    """An access token, with what it said when it was issued."""

    text: str
    session: ModelSession
    expires_at: datetime
    outdated: bool = False
    """Of an epoch before the user's."""

    def accepted(self, now: datetime) -> bool:
        return not self.outdated and not self.session.revoked and self.expires_at > now


@dataclass
class Model:
    """Everything that was handed out, and what became of it."""

    limit: int
    users: list[ModelUser] = field(default_factory=list)
    sessions: list[ModelSession] = field(default_factory=list)
    accesses: list[ModelAccess] = field(default_factory=list)

    def opened(self, session: ModelSession, now: datetime) -> None:
        """A log-in: one session too many ends the one used longest ago."""
        others = [other for other in self.sessions if other.user is session.user and other.lives(now)]
        others.sort(key=lambda other: (other.rotated_at, other.id))
        for other in others[: max(0, len(others) - self.limit + 1)]:
            other.end("limit", now)
        self.sessions.append(session)

    def end_all(self, user: ModelUser, reason: str, now: datetime, *, but: ModelSession | None = None) -> None:
        for session in self.sessions:
            if session.user is user and session is not but:
                session.end(reason, now)

    def outdate(self, user: ModelUser) -> None:
        """Refuse what was issued until now."""
        for access in self.accesses:
            if access.session.user is user:
                access.outdated = True

    def prune(self, now: datetime) -> None:
        for session in self.sessions:
            if session.expires_at < now - DAY:
                session.pruned = True
