"""What is going on, and how long it will still take: one line that overwrites itself on a terminal, nothing elsewhere."""

import statistics
import sys
import time


LEAST = 5  # seconds that each program has, also when the time is up


class Progress:
    def __init__(self, budget=None, stream=sys.stderr, now=time.monotonic):
        self._now = now
        self._begun = now()
        self._budget = budget
        self._begin, self._allowance = 0.0, budget or 0.0
        self._stream = stream
        self._left = {}  # runs to come by what is run
        self._took = {}  # seconds by what has run

    def plan(self, what, times):
        self._left[what] = self._left.get(what, 0) + times

    def took(self, what, seconds):
        self._took.setdefault(what, []).append(seconds)
        if self._left.get(what, 0) > 0:
            self._left[what] -= 1

    def done_with(self, *prefix):
        """Nothing more will run of what begins with this."""
        for what in self._left:
            if what[:len(prefix)] == prefix:
                self._left[what] = 0

    def seconds_left(self):
        """By what the same took before; what has not run yet is taken to be like the others."""
        if not self._took:
            return None
        usual = statistics.fmean(seconds for each in self._took.values() for seconds in each)
        wanted = sum(times * (statistics.median(self._took[what]) if what in self._took else usual)
                     for what, times in self._left.items())
        return wanted if self._budget is None else max(0.0, min(wanted, self._budget - self.elapsed()))

    def elapsed(self):
        return self._now() - self._begun

    def share(self, weight, whole):
        """What is measured next has this part of the time that is left. What it does not need is left to the others."""
        if self._budget is not None:
            self._begin = self.elapsed()
            self._allowance = max(0.0, self._budget - self._begin) * min(1.0, weight / whole)

    def allows(self, seconds, stretch=1.0):
        """May something begin that will take so long? The allowance may be stretched, the whole time not."""
        if self._budget is None:
            return True
        until = self.elapsed() + seconds
        return until <= self._budget and until <= self._begin + stretch * self._allowance

    def late(self):
        return not self.allows(0)

    def at_most(self, seconds):
        """The longest that one program may run, so that even one that hangs ends soon after the time is up."""
        return seconds if self._budget is None else max(LEAST, min(seconds, self._budget - self.elapsed()))

    def say(self, line):
        if not self._stream.isatty():
            return
        left = self.seconds_left()
        if line and left is not None:
            line += f"   ({int(left) // 60}:{int(left) % 60:02} left)"
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()
