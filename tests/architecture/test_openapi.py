"""The OpenAPI document: kept in the tree, and fit for client generators."""

import json
from collections import Counter

from tests.support import openapi_document


def operations() -> list[dict[str, object]]:
    document = json.loads(openapi_document.render())
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_document_in_the_tree_is_the_one_the_code_makes() -> None:
    assert openapi_document.FILE.read_text(encoding="utf-8") == openapi_document.render(), "write it anew: make openapi"


def test_operation_ids_are_short_and_unique() -> None:
    counted = Counter(str(operation["operationId"]) for operation in operations())

    assert max(counted.values()) == 1
    assert max(map(len, counted)) <= 24


def test_every_operation_has_a_summary_a_description_and_a_tag() -> None:
    assert all(
        operation.get("summary") and operation.get("tags") and operation.get("description")
        for operation in operations()
    )
