"""Signing keys: their life, the ring every worker holds, the JWKS."""
