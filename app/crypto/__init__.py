"""Cryptography that the features share: derived keys, sealing, signing keys and signed tokens. Knows no feature."""
