"""From what was typed or sent to checked values, without a request or a database."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Invalid, Malformed, NotFound
from shared.web import checking, forms
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Text

CASE = "01930000-0000-7000-8000-000000000001"


class Asked(BaseModel):
    """A query."""

    limit: int = Field(default=5, ge=1)
    after: str = ""


class Body(BaseModel):
    """Every kind of field that a form of ours has."""

    model_config = ConfigDict(extra="forbid")

    note: str
    badges: tuple[str, ...] = ()
    more: tuple[str, ...] | None = None
    number: int = 7
    incident: UUID | None = None


async def nothing(_: Call[Any, Any]) -> Text:
    """A handler."""
    return Text("")


def endpoint(**changed: Any) -> Endpoint:
    """One that takes what is tested."""
    whole: dict[str, Any] = {"method": "POST", "path": "/x", "summary": "X", "who": PUBLIC}
    return Endpoint(handler=nothing, **(whole | changed))


def call(**changed: Any) -> Call[Any, Any]:
    """A request as it came."""
    whole: dict[str, Any] = {
        "language": "zh", "address": "/x", "params": {}, "body": None, "query": None,
        "fields": forms.NONE, "repeat_key": "", "raw": b"",
    }  # fmt: skip
    return Call(**(whole | changed))


def typed(body: bytes) -> Any:
    """The checked body of a form."""
    form = endpoint(body=Body, form=True)
    return checking.check(form, call(fields=forms.parse(body))).body


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"note=x", Body(note="x")),
        (b"note=", Body(note="")),
        (b"note=a&note=b", Body(note="b")),
        (b"note=x&badges=1", Body(note="x", badges=("1",))),
        (b"note=x&badges=1&badges=2", Body(note="x", badges=("1", "2"))),
        (b"note=x&badges=", Body(note="x", badges=("",))),
        (b"note=x&more=1&more=1", Body(note="x", more=("1", "1"))),
        (b"note=x&number=&incident=", Body(note="x")),
        (b"note=x&number=8", Body(note="x", number=8)),
        (b"note=x&csrf=t&unknown=1", Body(note="x")),
        (f"note=x&incident={CASE}".encode(), Body(note="x", incident=UUID(CASE))),
    ],
    ids=str,
)
def test_a_form_becomes_its_model(body: bytes, wanted: Body) -> None:
    """Several values where there may be several, blank ones as left out unless they are needed."""
    assert wanted == typed(body)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", ["note"]),
        (b"number=x", ["note", "number"]),
        (b"note=x&incident=1", ["incident"]),
        (b"note=x&number=1.5", ["number"]),
    ],
)
def test_every_wrong_field_of_a_form_is_named(body: bytes, fields: list[str]) -> None:
    """All at once, so that nobody mends one after the other."""
    with pytest.raises(Invalid) as error:
        typed(body)
    assert fields == [wrong.field for wrong in error.value.wrong]


@given(st.lists(st.tuples(st.sampled_from(["note", "badges", "number", "x"]), st.text(max_size=9))))
def test_no_form_is_a_failure_of_ours(pairs: list[tuple[str, str]]) -> None:
    """Whatever was typed where: the model, or every wrong field."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    form = endpoint(body=Body, form=True)
    try:
        found = checking.check(form, call(fields=forms.Fields(fields))).body
    except Invalid:
        return
    assert fields.get("badges", ()) == found.badges


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{}{}",
        b"\xff",
        b'{"note": "\\ud800"}',
        b"nul",
        b'{"note": "x",}',
        b"\xef\xbb\xbf{",
    ],
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    """Told as a whole, as there is no field to point at."""
    with pytest.raises(Malformed) as error:
        checking.check(endpoint(path="/api/v1/x", body=Body), call(raw=raw))
    assert "refused.not_json" == error.value.key


@pytest.mark.parametrize(
    "raw",
    [
        b'{"note": "a", "note": "b"}',
        b'{"note" :"a", "note": "b"}',
        b'{"note": "a", "\\u006eote": "b"}',
        b'{"note": "a: b", "note": "c"}',
        b'{"note": "a", "number": 1, "number": 2}',
        b'{"note": "a", "badges": ["x"], "badges": []}',
    ],
)
def test_a_name_that_stands_twice_is_malformed(raw: bytes) -> None:
    """Of two values one would be lost, and nobody could say which."""
    with pytest.raises(Malformed, match="json_twice"):
        checking.check(endpoint(path="/api/v1/x", body=Body), call(raw=raw))


@given(
    st.fixed_dictionaries(
        {"note": st.text(max_size=20)},
        optional={"badges": st.lists(st.text(':a"', max_size=4)), "number": st.integers(0, 9)},
    )
)
def test_each_name_once_is_read_whole(values: dict[str, Any]) -> None:
    """However many colons and quotes its values have."""
    found = checking.check(
        endpoint(path="/api/v1/x", body=Body), call(raw=json.dumps(values).encode())
    ).body
    assert Body.model_validate_json(json.dumps(values)) == found


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"x"', b"null", b"true", b"{}"])
def test_json_of_another_shape_is_invalid(raw: bytes) -> None:
    """It can be read, and is not what is wanted."""
    with pytest.raises(Invalid):
        checking.check(endpoint(path="/api/v1/x", body=Body), call(raw=raw))


def asked(**values: str) -> Any:
    """The checked query."""
    return checking.check(endpoint(method="GET", query=Asked), call(asking=values)).query


def test_a_query_keeps_what_it_says() -> None:
    """Names that nobody knows are ignored; a NUL, which PostgreSQL cannot keep, is told."""
    assert Asked(limit=3, after="é\x1b") == asked(limit="3", after="é\x1b", other="x")
    with pytest.raises(Invalid) as error:
        asked(limit="3\0", other="\0", after="x")
    assert ["limit", "other"] == [wrong.field for wrong in error.value.wrong]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1e3", "9" * 5000])
def test_a_wrong_query_is_named(limit: str) -> None:
    """422 with the parameter's name, never the default in its place."""
    with pytest.raises(Invalid) as error:
        asked(limit=limit)
    assert ["limit"] == [wrong.field for wrong in error.value.wrong]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (int, "7", 7), (int, "x", None), (int, "", None), (int, "9" * 5000, None),
        (UUID, CASE, UUID(CASE)), (UUID, CASE.upper(), UUID(CASE)), (UUID, "1", None),
        (UUID, CASE.replace("-", ""), UUID(CASE)), (str, "a\0b", "ab"), (str, "é", "é"),
    ],
)  # fmt: skip
def test_what_an_address_cannot_mean_is_not_found(kind: Any, value: str, found: Any) -> None:
    """404, since an address that cannot exist does not; a value of its own kind otherwise."""
    one, came = endpoint(path="/x/{x}", params={"x": kind}), call(params={"x": value})
    if found is None:
        with pytest.raises(NotFound):
            checking.params(one, came)
    else:
        assert {"x": found} == checking.params(one, came)


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("k" * 16, True), ("k" * 128, True), ("!" * 16, True), ("~" * 16, True),
        ("k" * 15, False), ("k" * 129, False), ("k" * 15 + " ", False), ("k" * 15 + "\x7f", False),
        ("k" * 16 + "\n", False), ("ключ" * 4, False), ("１" * 16, False), ("", False),
    ],
)  # fmt: skip
def test_a_repeat_key_is_of_visible_ascii(key: str, good: bool) -> None:
    """16 to 128 characters that every client can send."""
    one = endpoint(path="/api/v1/x", repeat="header", answers={200: None})
    if good:
        assert key == checking.check(one, call(repeat_key=key)).repeat_key
    else:
        with pytest.raises(Malformed, match=r"refused\.repeat_key"):
            checking.check(one, call(repeat_key=key))
