"""What a user can set right: one line for each thing that is wrong, naming it, its value and what to do."""


class UserError(Exception):
    """Told as it is, without a traceback; commands end with exit code 2."""
