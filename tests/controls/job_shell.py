"""A shell with nothing but job control: starts one program on a terminal, does what stdin says.

    job_shell.py TERMINAL PROGRAM [ARGUMENT ...]

`fg` and `bg` as in every shell; `up` brings a running program to the foreground without a signal,
as some shells do; `wait` waits for it to stop or end, takes the terminal back and tells.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import termios

terminal = int(sys.argv[1])
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.dup2(terminal, 0)
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])  # noqa: S606
with contextlib.suppress(OSError):  # both do it, for either may be first
    os.setpgid(job, job)
signal.signal(signal.SIGHUP, lambda *_: os.killpg(job, signal.SIGHUP))


def give_terminal(group: int) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    with contextlib.suppress(OSError):  # it has hung up
        os.tcsetpgrp(terminal, group)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def tell(text: str) -> None:
    sys.stdout.write(f"shell: {text}\n")
    sys.stdout.flush()


tell(str(job))
while command := sys.stdin.readline().strip():
    if command in ("fg", "up"):
        give_terminal(job)
    if command in ("fg", "bg"):
        os.killpg(job, signal.SIGCONT)
    if command == "wait":
        _, status = os.waitpid(job, os.WUNTRACED)
        give_terminal(os.getpgrp())
        if os.WIFSTOPPED(status):
            tell(f"stopped by {os.WSTOPSIG(status)}")
        else:
            tell(f"ended with {os.waitstatus_to_exitcode(status)}")
    else:
        tell(command)
