"""The dashboard's web server: pages of `bot.dashboard` as HTML, sessions in cookies, forms as commands."""
