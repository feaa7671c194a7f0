"""Revocations: what a worker knows, how soon, and what it does when it cannot know."""
