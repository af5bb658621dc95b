"""Pages for the browser: the demo."""
