"""What the HTTP doors share: bearer parsing, problem bodies, and what stands around every request."""
