"""One file per family of commands, each command declared once for all platforms."""
