"""Google's own description of its APIs, from inside google-api-python-client, as a judge.

It finds the method that a request is for, checks the request's parameters, checks an answer against
the method's schema, and cuts an answer down to a ``fields`` mask, refusing names that are unknown.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = ("admin.directory_v1", "admin.reports_v1", "licensing.v1")
PYTHON = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Call:
    """A request that fits a method: its id, its parameters and its document."""

    def __init__(self, document: dict[str, Any], method: dict[str, Any], found: dict[str, str]):
        self.document, self.method, self.found = document, method, found

    @property
    def name(self) -> str:
        return str(self.method["id"])

    def check_parameters(self) -> None:
        """Assert that every parameter is known and well formed, and none is missing."""
        known = self.method["parameters"] | self.document["parameters"]
        for name, text in self.found.items():
            assert name in known, f"unknown parameter {name}"
            _check_parameter(name, text, known[name])
        needed = {name for name, one in known.items() if one.get("required")}
        assert needed <= set(self.found), f"missing {needed - set(self.found)}"

    def may(self, scopes: set[str]) -> bool:
        return bool(scopes & set(self.method["scopes"]))

    def shape(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Check an answer against the schema, and return what the mask leaves of it."""
        schema = {"$ref": self.method["response"]["$ref"]}
        _check(self.document, schema, answer, self.name)
        mask = self.found.get("fields")
        if mask is None:
            return answer
        picked = _pick(self.document, schema, answer, _parse(mask))
        assert isinstance(picked, dict)
        return picked


def find_call(verb: str, path: str, query: dict[str, str]) -> Call:
    """Return the method a request is for; AssertionError when there is none."""
    for document, method, pattern in _methods():
        match = pattern.fullmatch(path) if method["httpMethod"] == verb else None
        if match:
            values = {name: unquote(text) for name, text in match.groupdict().items()}
            return Call(document, method, {**query, **values})
    raise AssertionError(f"no method {verb} {path}")


@cache
def load(name: str) -> dict[str, Any]:
    place = files("googleapiclient").joinpath("discovery_cache", "documents", f"{name}.json")
    document: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return document


@cache
def _methods() -> list[tuple[dict[str, Any], dict[str, Any], re.Pattern[str]]]:
    found = []
    for name in DOCUMENTS:
        document = load(name)
        for method in _walk(document):
            path = re.split(r"\{\+?(\w+)\}", "/" + document["servicePath"] + method["path"])
            parts = [
                f"(?P<{text}>[^/]+)" if at % 2 else re.escape(text) for at, text in enumerate(path)
            ]
            found.append((document, method, re.compile("".join(parts))))
    return sorted(found, key=lambda one: one[2].groups)


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for method in node.get("methods", {}).values():
        yield {"parameters": {}, "scopes": [], **method}
    for resource in node.get("resources", {}).values():
        yield from _walk(resource)


def _check_parameter(name: str, text: str, known: dict[str, Any]) -> None:
    if known["type"] == "integer":
        assert text.lstrip("-").isdigit(), f"{name}={text} is no number"
        assert int(text) >= int(known.get("minimum", text)), f"{name}={text} is too small"
        assert int(text) <= int(known.get("maximum", text)), f"{name}={text} is too large"
    if known["type"] == "boolean":
        assert text in {"true", "false"}, f"{name}={text} is no boolean"
    if "enum" in known:
        assert text in known["enum"], f"{name}={text} is not among its values"
    if "pattern" in known:
        assert re.fullmatch(known["pattern"], text), f"{name}={text} does not fit"
    if known.get("format") == "date-time" or name.endswith("Time"):
        assert DATE_TIME.fullmatch(text), f"{name}={text} is no time"


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["schemas"][schema["$ref"]] if "$ref" in schema else schema
    return found


def _check(document: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> None:
    schema = _resolve(document, schema)
    kind = schema.get("type", "any")
    if kind == "any":
        return
    if kind == "object":
        assert isinstance(value, dict), f"{where} must be an object"
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, one in value.items():
            inner = known.get(name, others)
            assert inner is not None, f"{where}.{name} is not in the schema"
            _check(document, inner, one, f"{where}.{name}")
        return
    is_right = isinstance(value, PYTHON[kind]) and (kind == "boolean" or type(value) is not bool)
    assert is_right, f"{where} must be {kind}"
    if kind == "array":
        for number, one in enumerate(value):
            _check(document, schema["items"], one, f"{where}[{number}]")
    if schema.get("format") == "date-time":
        assert DATE_TIME.fullmatch(value), f"{where} is no time"
    if schema.get("format") == "int64":
        assert value.lstrip("-").isdigit(), f"{where} is no number in a text"


Mask = dict[str, "Mask"]


def _parse(mask: str) -> Mask:
    """Read "a,b(c,d(e))" as a tree; an empty one stands for everything below."""
    root: Mask = {}
    stack: list[Mask] = [root]
    last = root
    for token in re.findall(r"[\w.]+|[(),]", mask):
        if token == "(":
            stack.append(last)
        elif token == ")":
            stack.pop()
        elif token != ",":
            last = stack[-1].setdefault(token, {})
    assert len(stack) == 1, f"mask {mask}"
    return root


def _pick(document: dict[str, Any], schema: dict[str, Any], value: Any, mask: Mask) -> Any:
    schema = _resolve(document, schema)
    if not mask:
        return value
    if schema.get("type") == "array":
        return [_pick(document, schema["items"], one, mask) for one in value]
    known = schema.get("properties", {})
    assert set(mask) <= set(known), f"the mask names unknown {set(mask) - set(known)}"
    return {
        name: _pick(document, known[name], value[name], below)
        for name, below in mask.items()
        if name in value
    }
