"""The specification's resources. Names, arrays and what is optional are as it has them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

Short = Annotated[str, Field(max_length=200)]
Moment = Annotated[str, Field(max_length=40)]


class Service(BaseModel):
    """A kind of request."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str
    group: str


class Services(RootModel[list[Service]]):
    """All kinds."""


class Value(BaseModel):
    """A choice of an attribute."""

    key: str
    name: str


class Attribute(BaseModel):
    """What may be said beside a description."""

    variable: bool
    code: str
    datatype: Literal["string", "singlevaluelist"]
    required: bool
    datatype_description: str
    order: int
    description: str
    values: list[Value]


class Definition(BaseModel):
    """The attributes of a kind."""

    service_code: str
    attributes: list[Attribute]


class Request(BaseModel):
    """What became of a request; what we do not tell is null."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str | None
    service_name: str
    service_code: str
    description: str | None = None
    agency_responsible: str | None = None
    service_notice: str | None = None
    requested_datetime: str
    updated_datetime: str | None = None
    expected_datetime: str | None = None
    address: str | None = None
    address_id: str | None = None
    zipcode: str | None = None
    lat: float | None = None
    long: float | None = None
    media_url: str | None = None


class Requests(RootModel[list[Request]]):
    """Several requests, newest first."""


class Created(BaseModel):
    """A request that was taken in; the notice has the receipt, which only its sender may see."""

    service_request_id: str
    service_notice: str
    account_id: str | None = None


class AllCreated(RootModel[list[Created]]):
    """The one that was created."""


class Token(BaseModel):
    """A token and its request, which are the same here."""

    service_request_id: str
    token: str


class Tokens(RootModel[list[Token]]):
    """The one that was asked for."""


class Fault(BaseModel):
    """What is wrong, and what to do."""

    code: str
    description: str


class Faults(RootModel[list[Fault]]):
    """Everything that is wrong."""


class Server(BaseModel):
    """Where this API is."""

    specification: str
    url: str
    changeset: str
    type: Literal["production"]
    formats: list[str]


class Discovery(BaseModel):
    """Which APIs there are."""

    changeset: str
    contact: str
    key_service: str
    endpoints: list[Server]


class Asked(BaseModel):
    """What every resource may be asked with."""

    jurisdiction_id: Short = ""


class Listed(Asked):
    """The filters of a list; several values stand with commas between them."""

    # All together fit into the 8 KiB of an address, whatever is in them.
    service_request_id: Annotated[str, Field(max_length=1900, pattern="^[0-9A-Fa-f, -]*$")] = ""
    service_code: Annotated[str, Field(max_length=600, pattern="^[0-9A-Za-z_, -]*$")] = ""
    start_date: Moment = ""
    end_date: Moment = ""
    status: Annotated[str, Field(max_length=40, description="open, closed or both")] = ""


class Posted(Asked):
    """The key may stand in the address or among the fields."""

    api_key: Short = ""


class Sent(BaseModel):
    """A new request. `address_id` is the window's unit code, which may also be `attribute[unit]`.

    Names, e-mail, device and media are read and not kept.
    """

    model_config = ConfigDict(extra="ignore")

    service_code: Short
    api_key: Short = ""
    jurisdiction_id: Short = ""
    address_id: Short = ""
    address_string: Annotated[str, Field(max_length=1000)] = ""
    lat: Short = ""
    long: Short = ""
    description: Annotated[str, Field(max_length=8000)] = ""
    phone: Short = ""
    email: Short = ""
    first_name: Short = ""
    last_name: Short = ""
    device_id: Short = ""
    account_id: Short = ""
    media_url: Annotated[str, Field(max_length=2000)] = ""
