"""``rostra serve`` with both keepers beside it: they end with it, come back with it, and are kept alive."""

from pathlib import Path

import psutil

from tests.services.instance import is_alive, kill_all, running, tree, until

KEEPERS = ("membership.elections.signer", "membership.elections.box")
BALLOTS = "/ballot-box/"


def test_signer_and_ballot_box_live_and_die_with_rostra_serve(tmp_path: Path) -> None:
    with running(tmp_path / "house") as newsroom:
        until(lambda: newsroom.get(BALLOTS)[0] == 200, 30, newsroom.log)
        kill_all([newsroom.child(KEEPERS[1])])
        until(lambda: newsroom.get(BALLOTS)[0] == 200, 30, newsroom.log)
        newsroom.child(KEEPERS[0])
        everybody = tree(newsroom.processes[0].pid)
        keepers = [each for each in everybody if set(KEEPERS) & set(each.cmdline())]
        assert len(keepers) == 4  # gunicorn's parent and its worker, twice
        psutil.Process(newsroom.processes[0].pid).kill()
        until(lambda: not any(map(is_alive, everybody)), 1.5, newsroom.log)
        newsroom.kill()
        newsroom.start()
        until(lambda: newsroom.get(BALLOTS)[0] == 200, 30, newsroom.log)
        assert newsroom.stop() == [0]
