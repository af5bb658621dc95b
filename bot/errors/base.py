"""The root of the tree."""


class ParleyError(Exception):
    """Everything raised on purpose."""


class UserError(ParleyError):
    """The person who caused it can act on it."""
