"""Personal data in texts: where it stands, told by its form and, where it has one, by its check digits.

Names and places have no form and are not found. Every pattern looks at a bounded number of letters from each place, or
goes on behind what it has looked at: hostile texts take no longer than others.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

from bot.domain.secrets import secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """From `start` up to `end`, in characters, something of a kind: `EMAIL`, `PHONE`, `CARD`, `IBAN`, `IP`, `KEY`."""

    start: int
    end: int
    kind: str


Find = Callable[[str], Iterable[Finding]]

KINDS = ("EMAIL", "PHONE", "CARD", "IBAN", "IP", "KEY")

_LETTER = "A-Za-z0-9\u00c0-\u1fff"
"""Latin, Greek, Cyrillic and their neighbours: Chinese and Japanese words stand beside an address without a space."""

_EMAIL = re.compile(
    rf"(?<![{_LETTER}._%+-])[{_LETTER}._%+-]++@(?:[{_LETTER}-]{{1,63}}\.){{1,8}}[A-Za-z\u00c0-\u1fff]{{2,24}}"
)

_GAP = r"[ ./()-]{0,2}"
_PHONE = re.compile(
    rf"""(?<![0-9A-Za-z_+.,/-])(?:
        (?:\+|00)[ ]?[1-9](?:{_GAP}[0-9]){{6,13}}              # with the code of a country
        | \(?0[1-9](?:{_GAP}[0-9]){{7,10}}                     # with the 0 that most countries put before the city
        | \(?[2-9][0-9]{{2}}\)?[ .-]?[2-9][0-9]{{2}}[.-][0-9]{{4}}  # North America
        | 1[3-9][0-9](?:[ -]?[0-9]{{4}}){{2}}                  # Chinese mobile phones
    )(?![0-9A-Za-z_])""",
    re.VERBOSE,
)
_DATE = re.compile(r"\(?[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{2,4}(?!\1?[0-9])")

_CARD = re.compile(
    r"""(?<![0-9A-Za-z_])(?:
        [2-6][0-9]{12,18}
        | [2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}
        | 3[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5}
    )(?![0-9A-Za-z_])""",
    re.VERBOSE,
)

_IBAN = re.compile(r"(?<![0-9A-Za-z_])[A-Za-z]{2}[0-9]{2}(?: ?[0-9A-Za-z]){11,30}")
_IBANS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 "
    "EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 "
    "KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 "
    "PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 "
    "UA29 VA22 VG24 XK20 YE30"
)
"""Countries and how long their account numbers are: the IBAN registry of SWIFT, release 101."""
_IBAN_LENGTH = {one[:2]: int(one[2:]) for one in _IBANS.split()}

_IPV4 = re.compile(r"(?<![0-9A-Za-z_.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z_]|\.[0-9])")
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z_:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{1,4})?(?![0-9A-Za-z_:])"
)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DIGITS = {first + digit: ord("0") + digit for first in (0x0660, 0x06F0) for digit in range(10)}
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], ord("-"))
_SPACES = dict.fromkeys([0x00A0, *range(0x2000, 0x200B), 0x202F, 0x3000], ord(" "))
_PLAIN = _WIDE | _DIGITS | _DASHES | _SPACES
"""Letters that stand for others: wide ones of East Asia, Arabic digits, the dashes and spaces of typographers."""

_VERSION = re.compile(r"(?i)(?:\b(?:v|ver|vers|version|release|build)[ .:]{0,2}|版本[ :：]?)$")
_BEFORE = 12
"""Characters before four numbers in which `version` may stand."""


def personal(text: str) -> Iterator[Finding]:
    """Everything there is, in no order; findings may overlap."""
    text = text.translate(_PLAIN)  # one letter for one: places stay what they are
    for start, end in secrets(text):
        yield Finding(start=start, end=end, kind="KEY")
    for start, end in _ibans(text):
        yield Finding(start=start, end=end, kind="IBAN")
    for pattern, kind, holds in _CHECKED:
        for match in pattern.finditer(text):
            if holds(match):
                yield Finding(start=match.start(), end=match.end(), kind=kind)


def apart(findings: Iterable[Finding]) -> Sequence[Finding]:
    """In order, and those that overlap as one: what two patterns share must not be left half."""
    found: list[Finding] = []
    for one in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
        if found and one.start < found[-1].end:
            found[-1] = replace(found[-1], end=max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def _any(match: re.Match[str]) -> bool:
    return bool(match[0])


def _is_phone(match: re.Match[str]) -> bool:
    return _DATE.match(match[0]) is None


def _is_card(match: re.Match[str]) -> bool:
    """Luhn's sum, as every card has it (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(match[0]) if digit.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _is_ipv4(match: re.Match[str]) -> bool:
    """Whether it is somebody's address: no version, no mask, nothing that means this machine or any."""
    try:
        address = IPv4Address(match[0])
    except ValueError:
        return False
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return not (address.is_loopback or address.is_unspecified or address.packed[0] == 255 or _VERSION.search(before))


def _is_ipv6(match: re.Match[str]) -> bool:
    """The same; `std::min` and `ab::cd`, as programs have them, are none."""
    try:
        address = IPv6Address(match[0])
    except ValueError:
        return False
    return any(letter.isdecimal() for letter in match[0]) and not (address.is_loopback or address.is_unspecified)


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """Those whose remainder is 1 (ISO 13616). What follows them may look like more of them."""
    for match in _IBAN.finditer(text):
        letters = [at for at in range(match.start(), match.end()) if text[at] != " "]
        length = _IBAN_LENGTH.get(match[0][:2].upper(), len(letters) + 1)
        if length <= len(letters) and _remains_one("".join(text[at] for at in letters[:length])):
            yield match.start(), letters[length - 1] + 1


def _remains_one(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


_CHECKED: Sequence[tuple[re.Pattern[str], str, Callable[[re.Match[str]], bool]]] = (
    (_CARD, "CARD", _is_card),
    (_EMAIL, "EMAIL", _any),
    (_IPV4, "IP", _is_ipv4),
    (_IPV6, "IP", _is_ipv6),
    (_PHONE, "PHONE", _is_phone),
)
