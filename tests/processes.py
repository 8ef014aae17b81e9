"""Commands of ours as processes that a test can watch, interrupt and kill."""

import os
import signal
import subprocess
import sys
import time


def start(*words, **options):
    """Run a command in a process group of its own, as a shell does."""
    return start_python("-m", "ntm_lib", *words, **options)


def start_python(*words, **options):
    """Run Python with these words in a process group of its own."""
    command = [sys.executable, *map(str, words)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, **{**pipes, **options}, start_new_session=True, preexec_fn=_obey_ctrl_c)


def _obey_ctrl_c():
    """Tests that a shell runs in the background inherit that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()[1].decode()
        time.sleep(0.01)


def end(process):
    """Kill a process and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()


def one_line(text):
    return text.startswith("ntm: ") and text.endswith("\n") and text.count("\n") == 1
