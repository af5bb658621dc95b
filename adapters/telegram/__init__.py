"""Telegram: the Bot API by long polling, drafts as previews."""
