"""The sentences around every page."""

from collections.abc import Mapping

from bot.texts import Text, text

WORDS: Mapping[str, Text] = {
    "brand": text("Parley"),
    "skip": text("To the content"),
    "menu": text("Pages"),
    "leave": text("Sign out"),
    "live": text("Refresh by itself"),
    "csv": text("CSV"),
    "csv_of": text("{title} as a CSV file"),
    "more": text("More →"),
    "back": text("← Back"),
    "enter_title": text("Sign in"),
    "enter_ask": text("Somebody with this link signs in as you. Go on?"),
    "enter": text("Sign in"),
    "enter_how": text("Write /dashboard to the bot in a direct message: it answers with a link that signs you in."),
    "enter_slack": text("On Slack it is /parley dashboard."),
    "enter_oidc": text("Sign in with {provider}"),
    "void": text("This link is used up, too old or not ours. Ask the bot for another one."),
    "refused": text("You are known there, but not as an admin of this bot."),
    "trouble": text("The identity provider did not answer as it should. Please try again."),
    "too_often": text("Too many tries. Please wait for {seconds} seconds."),
    "not_found": text("There is no such page."),
    "expired": text("This form is too old. Please try once more."),
    "no_database": text("The database does not answer. Please try again in a moment."),
}
