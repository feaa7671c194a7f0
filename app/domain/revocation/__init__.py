"""What may no longer be accepted although its signature is good, known to every worker."""
