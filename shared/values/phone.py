"""Phone numbers: E.164 inside, masked on screen, never in logs; and what each kind is good for.

A landline's extension stays behind the number as RFC 3966 writes it: `+863962912345;ext=802`.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberMatcher, PhoneNumberType

from shared.values import text
from shared.values.seal import Seal, SealBroken

Kind = Literal["mobile", "virtual", "satellite", "landline", "foreign", "refused"]
Fault = Literal["no_number", "area_code", "costly", "data_card"]


class Use(NamedTuple):
    """What can be done with a number: a callback always can."""

    kind: Kind
    sms: bool
    airtime: bool


# In China our SMS templates are registered with the mainland's carriers, and the mainland's three
# network operators are what airtime vendors sell for. Elsewhere the vendor knows whom it reaches.
USES: Mapping[Kind, Use] = {
    "mobile": Use("mobile", sms=True, airtime=True),
    "virtual": Use("virtual", sms=True, airtime=False),
    "satellite": Use("satellite", sms=False, airtime=False),
    "landline": Use("landline", sms=False, airtime=False),
    "foreign": Use("foreign", sms=False, airtime=False),
    # A mobile by its number, which no vendor tops up: they looked it up, wherever it was ported to.
    "refused": Use("refused", sms=True, airtime=False),
}
_CHINA = 86
_home = "CN"
_VIRTUAL = ("162", "165", "167", "170", "171")
_SATELLITE = ("1349", "174")
# Cards of machines, and the addresses that SMS platforms send from: nobody hears them ring.
_DATA_CARD = re.compile(r"(?:\+?86|0086)?(?:14[01468][0-9]{8,10}|106[0-9]{5,17})")
# Who calls one of these pays for it, or reaches a company and no citizen. What has no country
# (+87x, +88x: satellites, services) costs many yuan a minute.
_COSTLY = frozenset(
    (
        PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.UAN, PhoneNumberType.PAGER,
        PhoneNumberType.VOICEMAIL,
    )
)  # fmt: skip
# In North America nobody can tell a mobile from a landline by its number.
_MAYBE_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_NO_COUNTRY = "001"
# An area code of China and a number in it have ten digits or eleven; 96xxx and the like are fewer.
_WHOLE = 10
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[0-9]{10})")
_EXTENSION = re.compile(
    r"(?<=[0-9)])(?:[-,;]*(?:[转轉]接?|分[机機]号?|[内內][线線]|ext(?:ension)?[.:=]?|x|#|,|;)[-:.]*|(?P<dash>-)(?=[0-9]{1,6}$))"
    r"(?P<number>[0-9]{1,8})[#号.。)]*$",
    re.IGNORECASE,
)
_LANDLINE = re.compile(r"\(?(?:\+?86|0086)?[-)(]*0?[1-9][0-9]{1,2}[-)]*[2-8][0-9]{6,7}[)]?")
_NO_DIGIT_BEHIND = re.compile("[^0-9]+$")
_WITH_LETTERS = re.compile(r"[0-9][-.]*[a-z]+", re.IGNORECASE)


def home() -> str:
    """The city's country, whose numbers are written without a code."""
    return _home


def set_home(country: str) -> None:
    """Make it another, as the policy names it; once, at a service's start."""
    global _home
    _home = country


class NotAPhone(ValueError):
    """Why a number is not taken, by `fault`; nothing of the number is in the text."""

    def __init__(self, fault: Fault, said: str) -> None:
        super().__init__(said)
        self.fault = fault


def _mobile_pattern() -> re.Pattern[str]:
    region = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    if region is None or region.mobile is None or region.mobile.national_number_pattern is None:
        raise RuntimeError("phonenumbers has no data on Chinese mobile numbers")
    return re.compile(region.mobile.national_number_pattern, re.ASCII)


_VALID_MOBILE = _mobile_pattern()


def parse(typed: str, region: str | None = None) -> str:
    """Whatever a person typed → E.164. NotAPhone if it is none that a citizen can be called at."""
    number, region = text.identifier(typed), region or _home
    # Nearly every number is a plain mainland mobile; the library's own pattern decides those fifty
    # times faster than its general parser, with the same answer.
    plain = _MOBILE.fullmatch(number.replace("-", "")) if region == "CN" else None
    if plain and _VALID_MOBILE.fullmatch(plain[1]):
        return f"+86{plain[1]}"
    return parse_any(number, region)


def parse_any(number: str, region: str) -> str:
    """The general way of `parse`, for an identifier."""
    if region == "CN" and _DATA_CARD.fullmatch(number.replace("-", "")):
        raise NotAPhone("data_card", "not a phone number but a data card")
    bare, extension = _parted(number)
    found = _found(bare, region)
    if fault := _fault(found):
        raise NotAPhone(fault, "not a phone number of a person")
    extension = extension or found.extension or ""
    found.extension = None
    e164 = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164};ext={extension}" if extension else e164


def _parted(number: str) -> tuple[str, str]:
    """The number, and the extension that stands behind it."""
    found = _EXTENSION.search(number)
    if found is None:
        return number, ""
    bare = number[: found.start()]
    # A dash alone is an extension's only behind a whole landline: 139-7777-0100 has none.
    if found["dash"] and not _LANDLINE.fullmatch(bare):
        return number, ""
    return bare, found["number"]


def _found(number: str, region: str) -> PhoneNumber:
    if _WITH_LETTERS.search(number):
        # The library would read them from a telephone's keys.
        raise NotAPhone("no_number", "not a phone number")
    try:
        found = phonenumbers.parse(_NO_DIGIT_BEHIND.sub("", number), region)
    except phonenumbers.NumberParseException:
        raise NotAPhone("no_number", "not a phone number") from None
    if not phonenumbers.is_valid_number(found):
        raise NotAPhone("no_number", "not a valid phone number")
    return found


def _fault(found: PhoneNumber) -> Fault | None:
    if phonenumbers.number_type(found) in _COSTLY:
        return "costly"
    if phonenumbers.region_code_for_number(found) == _NO_COUNTRY:
        return "costly"
    short = len(phonenumbers.national_significant_number(found)) < _WHOLE
    return "area_code" if found.country_code == _CHINA and short else None


def use(e164: str) -> Use:
    """What a number that `parse` has made can be used for."""
    if _home != "CN":
        return _use_elsewhere(e164)
    if not e164.startswith("+86"):
        return USES["foreign"]
    national = e164.removeprefix("+86")
    if len(national) != 11 or not _VALID_MOBILE.fullmatch(national):
        return USES["landline"]
    if national.startswith(_VIRTUAL):
        return USES["virtual"]
    return USES["satellite" if national.startswith(_SATELLITE) else "mobile"]


def _use_elsewhere(e164: str) -> Use:
    number = phonenumbers.parse(e164)
    if number.country_code != phonenumbers.country_code_for_region(_home):
        return USES["foreign"]
    reached = not number.extension and phonenumbers.number_type(number) in _MAYBE_MOBILE
    return USES["mobile" if reached else "landline"]


def use_sealed(seal: Seal, sealed: str, submission_id: object) -> Use:
    """The same of a sealed number; that one does not open is for its user to find out."""
    try:
        return use(seal.open(sealed, f"phone:{submission_id}"))
    except SealBroken:
        return USES["mobile"]


def hidden(written: str) -> str:
    """What somebody wrote, with the numbers in it masked."""
    for found in reversed(list(PhoneNumberMatcher(written, _home))):
        e164 = phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164)
        written = written[: found.start] + mask(e164) + written[found.end :]
    return written


def mask(e164: str) -> str:
    """`+8613812345678` → `138****5678`; foreign numbers keep the country code and the last two."""
    number, _, extension = e164.partition(";ext=")
    if number.startswith("+86") and len(number) == 14 and not extension:
        return f"{number[3:6]}****{number[-4:]}"
    return f"{number[:3]}****{number[-2:]}"
