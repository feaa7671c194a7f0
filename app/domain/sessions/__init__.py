"""One signed-in device each: refresh tokens, rotation, endings."""
