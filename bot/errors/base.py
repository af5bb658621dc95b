"""The root of the tree."""


class ParleyError(Exception):
    """Everything raised on purpose."""
