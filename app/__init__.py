"""Signet, a self-hosted token service."""
