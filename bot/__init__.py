"""Parley's conversation core: it knows no platform and imports no adapter."""
