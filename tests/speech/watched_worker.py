"""The real worker, seen from outside: watched_worker.py PORT HOW WORKER WORKSPACE.

Its connection to PORT closes when its process ends, whoever is its parent by then. WORKER is the
real one's path. If HOW is "hang" it sends a byte when it begins a sentence, and never finishes it.
"""

import importlib.util
import socket
import sys
import threading
from pathlib import Path

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
spec = importlib.util.spec_from_file_location("worker", sys.argv[3])
assert spec is not None
assert spec.loader is not None
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)


def hang(*_: object, **__: object) -> None:
    connection.sendall(b"!")
    threading.Event().wait()


if sys.argv[2] == "hang":
    worker.Voicebox.speak = hang
worker.main(Path(sys.argv[4]))
