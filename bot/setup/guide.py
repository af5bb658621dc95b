"""What an operator is told: where each token is found, what is left to do on the platforms. It fits a terminal."""

from collections.abc import Mapping

WELCOME = """\
Parley is set up in three steps: platforms, model, and who runs it.
Enter takes what stands in [brackets]. Ctrl-C leaves and changes nothing.
"""

PLATFORMS: Mapping[str, str] = {
    "telegram": """
— Telegram —
The token comes from @BotFather, https://t.me/BotFather: write /newbot, choose a
name, and a username that ends in "bot". For a bot that there is already:
/mybots, choose it, API Token. It looks like 123456:ABC-DEF…
""",
    "slack": """
— Slack —
1. https://api.slack.com/apps → Create New App → From a manifest: paste what
   `parley slack manifest` prints
2. Install App: copy the Bot User OAuth Token, xoxb-…
3. Basic Information → App-Level Tokens → Generate, with the scope
   connections:write: copy the token, xapp-…
""",
}

TOKENS: Mapping[str, str] = {
    "telegram_bot_token": "Token of the bot",
    "slack_bot_token": "Bot User OAuth Token (xoxb-…)",
    "slack_app_token": "App-Level Token (xapp-…)",
}

MODEL = """
— The model —
Any OpenAI-compatible endpoint: OpenAI (https://platform.openai.com/api-keys),
OpenRouter, a local Ollama (http://localhost:11434/v1), vLLM, llama.cpp …
Local servers need no key.
"""

OWNER = """
— Who runs it —
Owners have every command in the chat. Parley knows them by id, which it learns
when they write to the bot.
"""

AFTERWARDS: Mapping[str, str] = {
    "telegram": """
Left to do at @BotFather, if the bot is to read along in groups: /setprivacy,
choose the bot, Disable; then add it to the group (again). The menu of commands
it sets by itself. More: docs/telegram.md""",
    "slack": """
Left to do in Slack: invite the app to channels (/invite @Parley) and mention it
there. In private people find it under Apps. More: docs/slack.md""",
}

HELLO = "This is Parley. It is set up: `parley serve` starts it, and then it answers here."
"""The test message. Nobody's language is known at this time."""
