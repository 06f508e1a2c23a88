"""JSON and XML of one answer, and how a refusal is told in both."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree as ET

from pydantic import BaseModel

from services.intake.open311.models import Fault, Faults
from shared.errors import Invalid, KeyReused, Refused
from shared.events import Language
from shared.web import problems
from shared.web.endpoints import JSON
from shared.web.replies import Answer, Reply, Text
from shared.web.texts import Texts, texts

XML = "text/xml"
FORMATS = {"json": JSON, "xml": XML}
# What an element of a list is called, by the list's own name.
_ITEMS: Mapping[str, str] = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}


def xml(root: str, model: BaseModel) -> str:
    """A model below a root element, with the declaration that says UTF-8."""
    element = _element(root, model.model_dump(mode="json"))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(element, encoding="unicode")


def _element(name: str, value: Any) -> ET.Element:
    element = ET.Element(name)
    if isinstance(value, dict):
        element.extend(_element(key, each) for key, each in value.items())
    elif isinstance(value, list):
        element.extend(_element(_ITEMS[name], each) for each in value)
    elif isinstance(value, bool):
        element.text = str(value).lower()
    elif value is not None:
        element.text = str(value)
    return element


def answer(media: str, root: str, model: BaseModel, status: int = 200) -> Answer:
    """A model in the format that was asked for."""
    return Reply(model, status) if media == JSON else Text(xml(root, model), XML, status)


def refused_json(refused: Refused, language: Language) -> Answer:
    """The specification's list of errors."""
    faults = faults_of(refused, texts(language))
    return Reply(faults, int(status_of(refused)), _headers(refused, language))


def refused_xml(refused: Refused, language: Language) -> Answer:
    """The same in XML."""
    content = xml("errors", faults_of(refused, texts(language)))
    return Text(content, XML, int(status_of(refused)), _headers(refused, language))


def _headers(refused: Refused, language: Language) -> dict[str, str]:
    return problems.headers(refused) | {"Content-Language": texts(language).tag}


def status_of(refused: Refused) -> HTTPStatus:
    """The specification knows 400 for whatever is wrong with a request."""
    wrong = isinstance(refused, Invalid | KeyReused)
    return HTTPStatus.BAD_REQUEST if wrong else refused.status


def faults_of(refused: Refused, words: Texts) -> Faults:
    """One for each wrong field, or one for all."""
    code = str(int(status_of(refused)))
    told = [f"{one.field}: {words.wrong(one)}" for one in refused.wrong]
    return Faults([Fault(code=code, description=d) for d in told or [words.refused(refused)]])
