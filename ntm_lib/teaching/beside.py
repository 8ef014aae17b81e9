"""A training in a thread beside the notebook, which can be held and goes on."""

import atexit
from collections.abc import Callable
from threading import Event, Thread

from ntm_lib.runs.train import Result, one_thread, result_of
from ntm_lib.training import loop
from ntm_lib.training.run import Run


class Training:
    """A training in a thread of its own: it can be held after an update and go on, bit for bit as if it had not."""

    def __init__(self, run: Run, on_change: Callable[[], None]):
        self.run, self.on_change = run, on_change
        self.result: Result | None = None
        self.error: Exception | None = None
        self.asked_to_hold = Event()
        self.thread = Thread(target=self._work, daemon=True)

    @property
    def is_over(self) -> bool:
        """True where there is a result or an error."""
        return self.result is not None or self.error is not None

    @property
    def is_running(self) -> bool:
        """True while the thread is at work and has not been asked to stop."""
        return self.thread.is_alive() and not self.asked_to_hold.is_set() and not self.is_over

    def go_on(self) -> None:
        """Start, or go on; nothing where it is running or over."""
        if self.is_running or self.is_over:
            return
        self.hold()
        self.asked_to_hold.clear()
        self.thread = Thread(target=self._work, daemon=True)
        atexit.register(self.hold)  # a thread inside torch when Python ends takes the whole process down
        self.thread.start()

    def hold(self) -> None:
        """Stop after the update at hand, and wait until it is done."""
        self.asked_to_hold.set()
        if self.thread.is_alive():
            self.thread.join()
        atexit.unregister(self.hold)

    def _work(self) -> None:
        try:
            with one_thread():
                while not (self.run.progress.finished or self.asked_to_hold.is_set()):
                    self.on_change()
                    loop.update(self.run)
                    if self.run.pauses:
                        loop.check(self.run)
            if self.run.progress.finished:
                self.result = result_of(self.run)
        except Exception as error:  # raised again for whoever waits for the result
            self.error = error
        atexit.unregister(self.hold)
        self.on_change()
