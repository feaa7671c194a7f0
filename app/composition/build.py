"""Builds the object graph, once, from the settings and a clock."""

from pathlib import Path

from app.clock import Clock
from app.composition.parts import master_secrets, open_database, open_revocations, password_hasher, password_policy
from app.composition.services import Services
from app.crypto.sealing import Sealer
from app.domain.account_lifecycle.activation import Activation
from app.domain.account_lifecycle.closure import Closure
from app.domain.account_lifecycle.own_data import OwnDataExport
from app.domain.account_lifecycle.password_change import PasswordChange
from app.domain.account_lifecycle.rights import Rights
from app.domain.account_lifecycle.roles import RoleChanges
from app.domain.accounts.importing import UserImport
from app.domain.accounts.password_proof import PasswordProof
from app.domain.accounts.profile import Profiles
from app.domain.accounts.registration import Registration
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit
from app.domain.housekeeping.diagnosis import Diagnosis
from app.domain.housekeeping.jobs import Housekeeping
from app.domain.housekeeping.readiness import Readiness
from app.domain.keys.keyring import Keyring
from app.domain.keys.service import SigningKeys
from app.domain.login.service import Login
from app.domain.sessions.endings import SessionEndings
from app.domain.sessions.inspection import TokenInspection
from app.domain.sessions.refresh_token import RefreshTokens
from app.domain.sessions.repository import SessionRepository
from app.domain.sessions.scopes import ScopePolicy
from app.domain.sessions.service import Lifetimes, Sessions
from app.domain.tokens.issuer import TokenIssuer
from app.domain.tokens.verifier import TokenVerifier
from app.settings import Settings


def build_services(settings: Settings, clock: Clock, *, hash_slots: Path | None = None) -> Services:
    """The graph. `hash_slots`: a folder that all workers share, where the machine's hashing budget is kept.

    Raises:
        ConfigurationError: one sentence that names the setting and the remedy.
    """
    secrets = master_secrets(settings)
    database = open_database(settings, clock)
    audit = Audit()
    users, session_rows = UserRepository(), SessionRepository()
    tokens, lifetimes = settings.tokens, settings.sessions
    revocations = open_revocations(settings, clock)
    keyring = Keyring(database, Sealer(secrets, "signing-keys"), clock)
    revocations.subscribe(keyring.heed)
    hasher = password_hasher(settings, hash_slots)
    policy = password_policy(settings)
    proof = PasswordProof(database=database, users=users, hasher=hasher)
    refresh_tokens = RefreshTokens(secrets)
    sessions = Sessions(
        database=database,
        repository=session_rows,
        refresh_tokens=refresh_tokens,
        issuer=TokenIssuer(keyring, issuer=settings.issuer, audience=tokens.audience, lifetime=tokens.access_lifetime),
        revocations=revocations,
        audit=audit,
        scopes=ScopePolicy(tokens.scopes, tokens.role_scopes),
        lifetimes=Lifetimes(
            access=tokens.access_lifetime,
            session=lifetimes.lifetime,
            idle=lifetimes.idle_lifetime,
            leeway=lifetimes.refresh_leeway,
        ),
        per_user=lifetimes.per_user,
    )
    endings = SessionEndings(
        database=database, repository=session_rows, refresh_tokens=refresh_tokens, revocations=revocations, audit=audit
    )
    rights = Rights(users=users, endings=endings)
    keys = SigningKeys(
        database,
        keyring,
        sealer=Sealer(secrets, "signing-keys"),
        algorithm=tokens.algorithm,
        rotation_period=settings.keys.rotation_period,
        jwks_max_age=settings.keys.jwks_max_age,
        access_lifetime=tokens.access_lifetime,
        revocations=revocations,
        audit=audit,
    )
    verifier = TokenVerifier(keyring, revocations, issuer=settings.issuer, audience=tokens.audience, clock=clock)
    profiles = Profiles(database=database, users=users, proof=proof, audit=audit)
    readiness = Readiness(database=database, keyring=keyring, revocations=revocations, clock=clock)
    return Services(
        settings=settings,
        clock=clock,
        audit=audit,
        database=database,
        hasher=hasher,
        keyring=keyring,
        keys=keys,
        revocations=revocations,
        verifier=verifier,
        registration=Registration(
            database=database,
            users=users,
            hasher=hasher,
            policy=policy,
            audit=audit,
            open_to_all=settings.registration.open,
        ),
        user_import=UserImport(database=database, users=users, audit=audit, clock=clock),
        profiles=profiles,
        login=Login(users=users, proof=proof, sessions=sessions, audit=audit),
        sessions=sessions,
        session_endings=endings,
        password_change=PasswordChange(
            users=users, proof=proof, hasher=hasher, policy=policy, endings=endings, audit=audit
        ),
        activation=Activation(database=database, users=users, rights=rights, audit=audit),
        roles=RoleChanges(database=database, users=users, rights=rights, audit=audit),
        closure=Closure(database=database, users=users, proof=proof, rights=rights, audit=audit),
        own_data=OwnDataExport(database=database, users=users, revocations=revocations),
        inspection=TokenInspection(
            database=database,
            repository=session_rows,
            refresh_tokens=refresh_tokens,
            verifier=verifier,
            revocations=revocations,
            keys=keys,
            profiles=profiles,
            leeway=lifetimes.refresh_leeway,
        ),
        readiness=readiness,
        diagnosis=Diagnosis(
            readiness=readiness, keyring=keyring, keys=keys, revocations=revocations, hasher=hasher, clock=clock
        ),
        housekeeping=Housekeeping(
            database=database,
            keys=keys,
            revocations=revocations,
            sessions=session_rows,
            clock=clock,
            jwks_max_age=settings.keys.jwks_max_age,
        ),
        cursor_sealer=Sealer(secrets, "cursors"),
        extra_header=tokens.extra_header.lower().encode() if tokens.extra_header else None,
    )
