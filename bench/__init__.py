"""Measures what the design claims: `make bench`. Ratios within one run mean something, absolute times little."""
