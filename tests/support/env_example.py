"""Writes `.env.example` from the settings' fields: `python -m tests.support.env_example`."""

import json
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.settings import PREFIX, Settings

FILE = Path(__file__).parents[2] / ".env.example"
_HEAD = """\
# Every setting of Signet, each with its default. Copy to .env and uncomment what you change.
# Durations: seconds (600) or ISO 8601 (PT10M). Lists: JSON, or words separated by commas.
# Every secret may stand in a file instead: <NAME>_FILE=/path/of/the/file.
"""


def render() -> str:
    """The text of the file."""
    return _HEAD + _group(Settings, PREFIX)


def _group(model: type[BaseModel], prefix: str) -> str:
    text = ""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            text += f"\n# --- {(kind.__doc__ or '').strip()}\n" + _group(kind, f"{prefix}{name.upper()}__")
        else:
            text += "\n" + "".join(f"# {line}\n" for line in textwrap.wrap(field.description or "", 110))
            text += f"#{prefix}{name.upper()}={_default(name, field)}\n"
    return text


def _default(name: str, field: FieldInfo) -> str:
    value: Any = field.default
    if name == "hash_concurrency" or value is None:  # as many as the machine has cores; nothing
        return ""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}" if value < timedelta(days=10) else f"P{value.days}D"
    if isinstance(value, bool | dict):
        return json.dumps(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
