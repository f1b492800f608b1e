"""White text on white paper is seen by nobody: what counts as white, the same for every container.

In: colors as containers write them. Out: whether they are white. A unit that "blanks" a value of an old form by its color
sends it all the same, so text is hidden where it is known to be white and what lies behind it is known to be white as
well; where either is not known, it is read. Must not: know any file format.
"""

# Of 255, each channel. F2F2F2 ("white, darker 5 %") is the palest gray that the palettes of Office and WPS offer, and what
# `pdfseen` finds to leave no ink on the page. The palest hint text met is D9D9D9: it is read.
NEAR_WHITE = 0xF2


def is_white(color: str) -> bool:
    """Given a color as six hexadecimal digits (``"FFFFFF"``), return whether it is white; False for anything else."""
    if len(color) != 6:
        return False
    try:
        channels = bytes.fromhex(color)
    except ValueError:
        return False
    return len(channels) == 3 and min(channels) >= NEAR_WHITE


def is_tint_white(tint: float) -> bool:
    """Given the tint of a white theme color, -1 (black) to 1 (white), return whether it is still white."""
    return tint >= 0 or 255 * (1 + tint) >= NEAR_WHITE - 0.5  # rounded, as Office does: -0.05 makes F2F2F2
