"""What roles are called."""

from bot.domain.people import Role
from bot.texts import Text, text


def role_name(value: Role | str | None) -> Text:
    """A role in the reader's language; None is what the operator's policy makes of people."""
    key = value.name.lower() if isinstance(value, Role) else value or ""
    return {
        "blocked": text("blocked"),
        "newcomer": text("newcomer"),
        "guest": text("guest"),
        "member": text("member"),
        "support": text("support"),
        "admin": text("admin"),
        "owner": text("owner"),
    }.get(key, text("as the settings say"))
