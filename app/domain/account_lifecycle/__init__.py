"""The journeys that touch an account and its sessions: password change, disabling, roles, closing."""
