"""How long an open page rests before it looks again."""

# So many times as long as it looked, for each page that listens: however many cases come, all
# pages together take a quarter of the time, and a single one hears of each at once. No page rests
# longer than this, so that many take more.
TIMES, AT_MOST = 4, 2.0


def rests(looked: float, listeners: int) -> float:
    """Seconds, after a look of so many, where so many pages of this instance listen."""
    return min(TIMES * listeners * looked, AT_MOST)
