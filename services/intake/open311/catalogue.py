"""The kinds of request, made from the policy's categories: what an app may offer."""

from collections.abc import Iterator, Sequence

from services.intake.accept.store.units import Unit
from services.intake.open311.models import Attribute, Definition, Service, Services, Value
from shared.errors import NotFound
from shared.policy import Policy
from shared.policy.naming import Category
from shared.web.texts import Texts

REQUEST = "request"
COMPLAINT = "complaint"
LEVELS = ("1", "2", "3", "4", "5")


def offered(policy: Policy) -> dict[str, Category]:
    """The categories of complaints by key. What is serious goes no way on which it can be seen."""
    return {category.key: category for category in policy.categories if not category.serious}


def services(policy: Policy, words: Texts) -> Services:
    """All kinds."""
    return Services(list(_services(policy, words)))


def _services(policy: Policy, words: Texts) -> Iterator[Service]:
    for key, category in offered(policy).items():
        yield _service(key, category.called(words.language), COMPLAINT, words)
    yield _service(REQUEST, words.text("kind_request"), REQUEST, words)


def _service(code: str, name: str, group: str, words: Texts) -> Service:
    return Service(
        service_code=code, service_name=name, description=words.text(f"open311.{group}"),
        metadata=True, type="realtime", keywords=group, group=words.text(f"kind_{group}"),
    )  # fmt: skip


def name_of(policy: Policy, code: str, words: Texts) -> str:
    """What a kind is called; a category that the policy has no more by its key."""
    if code == REQUEST:
        return words.text("kind_request")
    named = {category.key: category.called(words.language) for category in policy.categories}
    return named.get(code, code)


def definition(policy: Policy, code: str, units: Sequence[Unit], words: Texts) -> Definition:
    """The attributes of a kind. NotFound if there is none of this code."""
    if code != REQUEST and code not in offered(policy):
        raise NotFound("refused.open311_service")
    windows = [Value(key=unit.code, name=unit.name) for unit in units]
    more = _urgent(words) if code == REQUEST else (*_satisfaction(words), *_officer(words))
    asked = [("unit", True, windows), *more]
    return Definition(
        service_code=code,
        attributes=[_attribute(n, *one, words) for n, one in enumerate(asked, 1)],
    )


Asked = tuple[str, bool, list[Value]]


def _urgent(words: Texts) -> tuple[Asked, ...]:
    return (("urgent", False, [Value(key="1", name=words.text("yes"))]),)


def _satisfaction(words: Texts) -> tuple[Asked, ...]:
    levels = [Value(key=level, name=words.text(f"level_{level}")) for level in LEVELS]
    return (("satisfaction", False, levels),)


def _officer(_: Texts) -> tuple[Asked, ...]:
    return (("officer", False, []),)


def _attribute(
    order: int, code: str, required: bool, values: list[Value], words: Texts
) -> Attribute:
    return Attribute(
        variable=True, code=code, datatype="singlevaluelist" if values else "string",
        required=required, datatype_description="", order=order,
        description=words.text(f"open311.attribute_{code}"), values=values,
    )  # fmt: skip
