"""What Signet is about, one package a feature; features import only those below them (pyproject.toml)."""
