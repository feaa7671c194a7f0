"""What other services read at its standard place."""
