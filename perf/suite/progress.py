"""What is going on, and how long it will still take: one line that overwrites itself on a terminal, nothing elsewhere."""

import statistics
import sys
import time


class Progress:
    def __init__(self, budget=None, stream=sys.stderr, now=time.monotonic):
        self._now = now
        self._begun = now()
        self._budget = budget
        self._until = budget
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

    def share(self, parts):
        """What is measured next may take thrice its part of the time that is left, so that something remains for the others."""
        if self._budget is not None:
            left = self._budget - self.elapsed()
            self._until = self.elapsed() + min(left, 3 * left / parts)

    def late(self):
        return self._until is not None and self.elapsed() > self._until

    def say(self, line):
        if not self._stream.isatty():
            return
        left = self.seconds_left()
        if line and left is not None:
            line += f"   ({int(left) // 60}:{int(left) % 60:02} left)"
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()
