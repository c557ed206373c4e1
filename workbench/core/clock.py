"""How long something takes, in words."""


def clock(seconds: float) -> str:
    """A stretch of time: `0.3 s`, `00:21`, or `1:02:03` from an hour on."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
