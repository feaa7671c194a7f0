"""From a password to a session."""
