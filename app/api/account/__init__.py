"""The current user: profile, password, sessions."""
