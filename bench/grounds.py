"""Where does a bench measure what is laid: on a database, and on a file in a process of its own?

DynamoDB Local is for the time and the request units. Rows in a file are for the memory: a process
that does nothing else has that of a function, imports and all, and not of a database.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from bench.disk_rows import ChangingDiskRows
from bench.meter import Meter
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import Put, Rows, chunks
from tests.aws import connected_to, create_tables
from tests.races.referee import referee

Measure = Callable[[int, Rows, Meter], dict[str, Any]]
"""Measures so many of what is laid in the rows."""


def on_dynamodb(count: int, laid: Iterable[Put], measure: Measure, *, key: str) -> dict[str, Any]:
    """What is laid, on an empty DynamoDB Local; Absent where there is none."""
    with referee() as address, connected_to(address, key=key):
        create_tables()
        rows, meter = DynamoRows(), Meter()
        for batch in chunks(laid, 100):
            rows.write(batch)
        meter.connect()
        return measure(count, rows, meter)


def in_a_file(count: int, laid: Iterable[Put], bench: str) -> dict[str, Any]:
    """What is laid, in a file that the module `bench` measures with `measured_in`."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows"
        ChangingDiskRows(path).lay(laid)
        command = [sys.executable, "-m", bench, path, str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured_in(arguments: list[str], measure: Measure) -> str:
    """What the process that `in_a_file` started has found, as it is told."""
    path, said = arguments
    return json.dumps(measure(int(said), ChangingDiskRows(path), Meter()))
