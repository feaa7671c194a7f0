"""Security events, from a closed list."""
