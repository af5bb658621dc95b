"""The dashboard: what admins see of the bot in a browser, and who gets in. Pages are values; a server shows them."""
