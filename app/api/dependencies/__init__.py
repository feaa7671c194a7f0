"""What routes ask for by type: the services, the current user, a right, the client's origin, a page."""
