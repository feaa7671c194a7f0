"""The object graph: its parts, how it is built, and what the doors get. Nothing below reads the settings."""

from app.composition.build import build_services
from app.composition.parts import check_hashing, database_url, open_database
from app.composition.services import Services

HASH_SLOTS_VARIABLE = "_SIGNET_HASH_SLOTS"
"""Set by `signet serve` for its workers: the folder where they share the machine's hashing budget."""

__all__ = ["HASH_SLOTS_VARIABLE", "Services", "build_services", "check_hashing", "database_url", "open_database"]
