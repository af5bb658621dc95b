"""How limits are told: meters, windows, amounts, and a bar that shows how far one is used up."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from bot.domain.quotas import ANY_MODEL, Credit, Meter, Rule, Standing
from bot.domain.windows import Window
from bot.texts import Text, code, plural, text

_BAR = 10
_CENT = 10_000

_METERS: Mapping[str, Text] = {
    "messages": text("Messages"),
    "input": text("Input tokens"),
    "output": text("Output tokens"),
    "tokens": text("Tokens"),
    "cost": text("US$"),
}

_SPANS: Mapping[str, Text] = {
    "day": text("today"),
    "week": text("this week"),
    "month": text("this month"),
    "total": text("in all"),
}


def plan_name(name: str, until: datetime | None) -> Text:
    """A plan, and when it ends if it does."""
    said = text("{plan}", plan=code(name))
    return said if until is None else text("{plan} until {until}", plan=said, until=until)


def meter_name(meter: str) -> Text:
    return _METERS[meter]


def window_name(window: Window) -> Text:
    """`today`, `in 3 hours`."""
    if not window.hours:
        return _SPANS[str(window)]
    if window.hours % 24:
        return plural("in {count} hour", "in {count} hours", window.hours)
    return plural("in {count} day", "in {count} days", window.hours // 24)


def amount(meter: Meter | str, number: int) -> int | Decimal:
    """A number of a meter as it is shown: money is kept in micro-US$ and told in US$."""
    if meter != "cost":
        return number
    return (Decimal(number) / 10**6).quantize(Decimal("0.01") if number >= _CENT else Decimal("0.001"))


def rule_name(rule: Rule) -> Text:
    """`Messages in 3 hours, strong`."""
    if rule.scope == ANY_MODEL:
        return text("{meter} {window}", meter=meter_name(rule.meter), window=window_name(rule.window))
    return text(
        "{meter} {window}, {scope}",
        meter=meter_name(rule.meter),
        window=window_name(rule.window),
        scope=code(rule.scope),
    )


def rule_line(rule: Rule) -> Text:
    """A limit, whatever was used of it: `• Messages in 3 hours, strong: 40`."""
    if rule.limit is None:
        return text("• {rule}: unlimited", rule=rule_name(rule))
    return text("• {rule}: {limit}", rule=rule_name(rule), limit=amount(rule.meter, rule.limit))


def standing_line(standing: Standing) -> Text:
    """How far a limit is used up: `• Messages today: 3 of 100`."""
    return text("• {standing}", standing=standing_name(standing))


def standing_name(standing: Standing) -> Text:
    """`Messages today: 3 of 100`."""
    meter = standing.rule.meter
    return text(
        "{rule}: {used} of {limit}",
        rule=rule_name(standing.rule),
        used=amount(meter, standing.used),
        limit=amount(meter, standing.limit),
    )


def credit_line(credit: Credit) -> Text:
    """What is left of a credit: `• 100 messages more until 24 Dec`."""
    return text(
        "• {meter}: {left} more until {until}",
        meter=meter_name(credit.meter),
        left=amount(credit.meter, credit.left),
        until=credit.until,
    )


def bar(standing: Standing) -> Text:
    """The same with a bar, and the time it resets if it has one."""
    filled = min(_BAR, round(_BAR * (1 - standing.share_left)))
    values = {"bar": "▰" * filled + "▱" * (_BAR - filled), "standing": standing_name(standing)}
    if standing.resets_at is None:
        return text("{bar} {standing}", **values)
    if standing.rule.window.hours:
        return text("{bar} {standing}, the first back on {resets_at}", **values, resets_at=standing.resets_at)
    return text("{bar} {standing}, until {resets_at}", **values, resets_at=standing.resets_at)


def kept_for(days: int | None) -> Text:
    """How long words are kept."""
    if days is None:
        return text("until they are forgotten")
    return plural("{count} day", "{count} days", days)
