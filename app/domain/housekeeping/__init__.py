"""What the service does by itself: pruning what has ended, keeping a next signing key published."""
