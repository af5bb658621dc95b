"""Charts for chats and pages. Empty: whoever draws one must not import what the bot needs besides."""
