"""The part of a batch that can be done anywhere: a spoken session into a file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from coach import __version__
from coach.errors import CoachError, OutputError
from coach.files.replacing import scratch
from coach.parallel import cores
from coach.render import Format
from coach.render.measuring import ClipMeter
from coach.render.publication import Publication, Wanted
from coach.session import Session
from coach.speech.store import ClipStore

Name = TypeVar("Name")

CONNECT_S = 5
"""Seconds in which a scheduler must answer."""


class Task(Struct, frozen=True):
    """All that is needed to make a file; it can be sent to another machine."""

    session: Session
    wanted: Wanted
    day: date
    format: Format
    version: str = __version__


def carry_out(task: Task, meter: ClipMeter | None = None) -> bytes:
    """Return the content of the file that a task is for.

    Args:
        task: what is to be done.
        meter: knows clips that were measured before.

    Raises:
        CoachError: it cannot be made, or this coach is not the one that wants it.
    """
    if task.version != __version__:
        raise CoachError(
            f"a worker has audio coach {__version__}, and {task.version} is needed",
            "Install the same version on every worker.",
        )
    publication = Publication(task.session, task.wanted, task.day, meter=meter)
    with scratch() as path:
        for job in publication.jobs(path, task.format, task.format):
            job.write(path, lambda _done, _total: None)
        return path.read_bytes()


class Crew(Protocol[Name]):
    """Carries out tasks, several at once."""

    def put(self, name: Name, task: Task) -> Iterator[tuple[Name, bytes | Exception]]:
        """Begin a task, and yield what has been finished until there was room for it."""
        ...

    def rest(self) -> Iterator[tuple[Name, bytes | Exception]]:
        """Yield what is finished until nothing is left to do."""
        ...

    def close(self) -> None:
        """Give up what has not been begun."""
        ...


class LocalCrew(Generic[Name]):
    """Works on the cores of this machine."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(cores(), "batch")
        self._meter = ClipMeter(ClipStore())
        self._running: dict[Future[bytes], Name] = {}

    def put(self, name: Name, task: Task) -> Iterator[tuple[Name, bytes | Exception]]:
        """Begin a task, and yield what has been finished until there was room for it."""
        # One more than there are cores, so that none waits for the next session.
        while len(self._running) > cores():
            yield from self._finished()
        self._running[self._pool.submit(carry_out, task, self._meter)] = name

    def rest(self) -> Iterator[tuple[Name, bytes | Exception]]:
        """Yield what is finished until nothing is left to do."""
        while self._running:
            yield from self._finished()

    def close(self) -> None:
        """Give up what has not been begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _finished(self) -> Iterator[tuple[Name, bytes | Exception]]:
        # A wait without an end cannot be broken off by Ctrl-C on Windows.
        done, _ = wait(self._running, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            yield self._running.pop(future), _outcome(future)


class ClusterCrew(Generic[Name]):
    """Works on the machines of a Dask cluster, which need no files of this one."""

    def __init__(self, scheduler: str) -> None:
        """Connect to a scheduler, such as `tcp://host:8786`.

        Raises:
            CoachError: Dask is not installed, or the scheduler cannot be reached.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise CoachError(
                "--scheduler needs Dask", "Install it: pip install 'audio-coach[cluster]'"
            ) from error
        try:
            self._client: Any = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise CoachError(
                f"cannot reach the scheduler {scheduler}",
                "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
            ) from error
        if not self._client.ncores():
            self._client.close()
            raise CoachError(
                f"the scheduler {scheduler} has no workers",
                f"Start some: dask worker {scheduler}",
            )
        self._running: dict[Any, Name] = {}

    def put(self, name: Name, task: Task) -> Iterator[tuple[Name, bytes | Exception]]:
        """Begin a task, and yield what has been finished until there was room for it."""
        while len(self._running) > 2 * max(1, sum(self._client.ncores().values())):
            yield from self._finished()
        self._running[self._client.submit(carry_out, task, pure=False)] = name

    def rest(self) -> Iterator[tuple[Name, bytes | Exception]]:
        """Yield what is finished until nothing is left to do."""
        while self._running:
            yield from self._finished()

    def close(self) -> None:
        """Give up what has not been finished."""
        self._client.cancel(list(self._running))
        self._client.close()

    def _finished(self) -> Iterator[tuple[Name, bytes | Exception]]:
        from distributed import wait as wait_for

        try:
            with self._client.as_current():
                wait_for(list(self._running), timeout=0.5, return_when="FIRST_COMPLETED")
        except TimeoutError:
            if self._client.status != "running":
                raise CoachError(
                    "the scheduler is gone", "Start it again, and the batch; it goes on."
                ) from None
            return
        for future in [future for future in self._running if future.done()]:
            yield self._running.pop(future), _outcome(future)
            future.release()


def _outcome(future: Any) -> bytes | Exception:
    """Return what a task came to, or why it did not."""
    error = future.exception()
    if error is None:
        content: bytes = future.result()
        return content
    if isinstance(error, OSError):
        return OutputError(f"cannot make it: {error.strerror or error}")
    if isinstance(error, Exception):
        return error
    raise error
