"""The settings: their names, defaults and bounds (`model`), and where they come from (`sources`)."""

from app.settings.model import Settings, load_settings
from app.settings.sources import PREFIX, ConfigurationError, setting_names

__all__ = ["PREFIX", "ConfigurationError", "Settings", "load_settings", "setting_names"]
