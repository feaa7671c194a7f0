"""Hashes passwords and verifies them off the event loop, under the budget of the machine.

Whoever asks, about whomever, pays for one hash in one queue, so that neither the time nor the load tells whether a user
exists. A foreign hash keeps its own cost until its owner logs in and it is replaced.
"""

from functools import partial
from pathlib import Path

from app.crypto.hash_budget import HashBudget, HasherOverloadedError
from app.crypto.hash_processes import HashProcesses
from app.crypto.password_text import nfc
from app.crypto.password_work import PasswordWork, Verdict

__all__ = ["HasherOverloadedError", "PasswordHasher", "Verdict"]


class PasswordHasher:
    """Argon2id, and foreign schemes until the next log-in.

    At most `concurrency` hashes run at once: in this process, and over all processes given the same folder `slots`.
    `queue` more may wait in this process; `HasherOverloadedError` refuses the rest at once. With `processes` they are
    computed in processes of lower priority, so that a storm of log-ins takes only what the rest leaves over; without,
    in threads of this one, which is quicker where a hash is cheap.
    """

    def __init__(
        self,
        *,
        memory_kib: int,
        time_cost: int,
        concurrency: int,
        queue: int,
        slots: Path | None,
        processes: bool = False,
    ) -> None:
        self._budget = HashBudget(concurrency=concurrency, queue=queue, slots=slots)
        self._processes = (
            HashProcesses(memory_kib=memory_kib, time_cost=time_cost, count=concurrency) if processes else None
        )
        self._work = self._processes or PasswordWork(memory_kib=memory_kib, time_cost=time_cost)

    @property
    def running(self) -> int:
        """Hashes being computed for this process."""
        return self._budget.running

    @property
    def queued(self) -> int:
        """Callers that wait for their turn in this process."""
        return self._budget.queued

    @property
    def shed(self) -> int:
        """Callers refused since the start because the queue was full."""
        return self._budget.shed

    def start(self) -> None:
        """Start the processes now, so that the first log-in does not wait for them."""
        if self._processes:
            self._processes.start()

    async def hash(self, password: str) -> str:
        """The Argon2id hash (PHC string) of the password in NFC, whole, with a fresh salt.

        Raises:
            ValueError: the password is empty, has more than 1,024 bytes or holds a lone surrogate.
            HasherOverloadedError: the queue is full.
        """
        if not nfc(password):
            raise ValueError("an empty password")
        return await self._budget.run(partial(self._work.hash, password))

    async def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Whether `password` made `password_hash`; `None`, for a user there is not, is never right and costs the same.

        A password that cannot be (empty, over 1,024 bytes, with a lone surrogate) and a stored hash that cannot be
        computed (malformed, of an unknown scheme, of absurd cost) are wrong at the cost of one of our own hashes.
        `upgraded` is set when the stored hash is of another scheme or of other parameters than ours.

        Raises:
            HasherOverloadedError: the queue is full.
        """
        return await self._budget.run(partial(self._work.verify, password, password_hash))

    def close(self) -> None:
        """Stop; hashes that run are finished, those that wait are cancelled."""
        self._budget.close()
        if self._processes:
            self._processes.close()
