"""Registering, logging in, refreshing, logging out."""
