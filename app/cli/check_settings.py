"""What `signet check` says of the settings and of the machine, without asking the database."""

import os
import shutil
from pathlib import Path
from stat import S_IMODE

from app.domain.housekeeping.diagnosis import Finding, Level
from app.settings import Settings

_MIB = 1024 * 1024
_SPACE_NEEDED = 64 * _MIB
_SPACE_WANTED = 512 * _MIB
_LOOPBACK = ("127.", "::1", "localhost")


def examine_settings(settings: Settings) -> list[Finding]:
    """One finding for each; call it when the folder and the secret of the embedded default have been made."""
    found = [_proxies(settings), _breached_list(settings)]
    if settings.secret_key is None:
        found.append(_private("data folder", settings.data_dir, 0o700))
        found.append(_private("secret file", settings.data_dir / "secret.key", 0o600))
    if settings.embedded:
        found.append(_space(settings.data_dir))
    return found


def _proxies(settings: Settings) -> Finding:
    networks = settings.server.trusted_proxies
    everyone = next((network for network in networks if network.prefixlen == 0), None)
    if everyone is not None:
        detail = f"{everyone} lets anyone say who they are: name your proxies' own networks"
        return Finding("trusted proxies", Level.WARN, f"{detail} in SIGNET_SERVER__TRUSTED_PROXIES")
    if networks:
        return Finding("trusted proxies", Level.OK, ", ".join(map(str, networks)))
    if settings.issuer.startswith("https:") or not settings.server.host.startswith(_LOOPBACK):
        detail = "none, so behind a proxy every caller has its address: if there is one"
        return Finding("trusted proxies", Level.WARN, f"{detail}, name it in SIGNET_SERVER__TRUSTED_PROXIES")
    return Finding("trusted proxies", Level.OK, "none, and none is needed on this machine alone")


def _breached_list(settings: Settings) -> Finding:
    """That it can be read is known: without it there would be no services."""
    path = settings.passwords.breached_list
    detail = f"read from {path}" if path else "the built-in list of common passwords alone"
    return Finding("breached list", Level.OK, detail)


def _private(name: str, path: Path, mode: int) -> Finding:
    try:
        found = S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Finding(name, Level.FAIL, f"{path} cannot be looked at ({error.strerror}): check SIGNET_DATA_DIR")
    if found & 0o077:
        return Finding(name, Level.FAIL, f"{path} is open to others ({found:04o}): run `chmod {mode:04o} {path}`")
    if not os.access(path, os.R_OK):
        return Finding(name, Level.FAIL, f"{path} cannot be read: check its owner")
    return Finding(name, Level.OK, f"{path} is its owner's alone ({found:04o})")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free // _MIB} MiB free in {folder}"
    if free < _SPACE_NEEDED:
        return Finding("disk space", Level.FAIL, f"{detail}: make room, or the database cannot be written soon")
    if free < _SPACE_WANTED:
        return Finding("disk space", Level.WARN, f"{detail}: make room")
    return Finding("disk space", Level.OK, detail)
