"""Access tokens: what they say, how they are issued, how they are verified."""
