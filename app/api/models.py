"""What bodies of every route have in common."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

Moment = Annotated[
    datetime, PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str)
]
"""RFC 3339, in UTC."""

Password = Annotated[str, Field(max_length=4096, json_schema_extra={"format": "password"}, repr=False)]


class Body(BaseModel):
    """A request body: an unknown member is refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)
