"""Who can sign in: registering, profile, passwords, roles."""
