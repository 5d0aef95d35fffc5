"""``python -m membership.elections.signer``: what ``rostra signer`` runs. It reads one setting, the folder.

An own module, so that the process which holds the keys has as little in it as possible.
"""

from commons import doors, http_server
from commons.config import data_folder
from membership.elections.signer import DOOR
from membership.elections.signer.endpoints import create_signer
from membership.elections.signer.keys import Keys


def main() -> None:
    """Serve until SIGTERM."""
    data = data_folder()
    http_server.run(
        lambda: create_signer(Keys(data / "signer")),
        name="signer",
        bind=[f"unix:{doors.build(data, DOOR)}"],
        # The door's file is for this user and group.
        umask=0o007,
        threads=4,
    )


if __name__ == "__main__":
    main()
