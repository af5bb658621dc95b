"""What the README claims about speed and size, measured again by `make bench`."""
