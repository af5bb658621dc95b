"""What the app asks for, and what an app that was made earlier lacks."""

from collections.abc import Set as AbstractSet

from bot.errors import PlatformMisconfigured

SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "im:history",
        "im:write",
        "users:read",
    }
)
"""What every app asks for in manifest.yaml; a test keeps the two equal."""

FOLLOWING = frozenset({"channels:history", "groups:history"})
"""What it takes besides to hear threads without being mentioned."""


def check_scopes(granted: AbstractSet[str], *, follow: bool) -> None:
    """Raise PlatformMisconfigured if the app lacks something; nothing granted means that Slack did not say."""
    wanted = SCOPES | FOLLOWING if follow else SCOPES
    if granted and (missing := sorted(wanted - granted)):
        advice = "update it from its manifest and install it again"
        raise PlatformMisconfigured("scopes", hint=f"the Slack app lacks {', '.join(missing)}: {advice}")
