"""How does the local AWS process start?

`python -m infra.localaws DIRECTORY PORT` serves until SIGTERM. Settings must be
in the environment before the emulator is first imported, so they are set here.
"""

import fcntl
import os
import sys
from pathlib import Path


def main(directory: Path, port: int) -> None:
    """Serve local AWS on 127.0.0.1:`port`, keeping all of its state in `directory`."""
    temporary = directory / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    lock = (directory / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"Another local AWS uses {directory}; stop it first.") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    os.environ.update(
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        # Functions get the rights of their own role, and no others.
        AUTH="true",
        PERSIST_STATE="1",
        STATE_DIR=str(directory / "state"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(directory / "s3"),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        TMPDIR=str(temporary),
        # Functions run on this interpreter, whatever the PATH would find first.
        PATH=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    )
    from infra.localaws.server import serve

    serve(directory, port)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
