"""The browser's part in a real browser: the vectors of RFC 9474, and agreement with Python on every byte."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Route

from membership.elections.protocol import ed25519, envelope, receipt, words
from membership.elections.protocol.credential import LABEL, ROLE, Credential, candidate_order
from membership.elections.protocol.envelope import Envelope
from membership.elections.protocol.sealing import opened, tally_secret
from tests.membership.elections.protocol.forgeries import FORGERIES
from tests.membership.elections.protocol.keys import ODD_KEYS
from tests.membership.elections.protocol.vectors import VECTORS, number
from tests.membership.elections.protocol.world import SCRIPT, World, counted, fields, numbered, signer, world

ORIGIN = "http://localhost:9/"


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """A page with ballot.js as ``ballot``, under the policy of the cast page: nothing but that script."""

    def answer(route: Route) -> None:
        if route.request.url.endswith("ballot.js"):
            route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")
        else:
            policy = {"Content-Security-Policy": "default-src 'none'; script-src 'self'"}
            route.fulfill(
                body="<!doctype html><title>ballot</title>", content_type="text/html", headers=policy
            )

    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", answer)
        page.goto(ORIGIN)
        page.evaluate("async () => { globalThis.ballot = await import('/ballot.js'); }")
        yield page


def ask(tab: Page, script: str, **given: Any) -> Any:
    """The value of ``script``, a function body with ``ballot`` and what is ``given``; bytes go in as hex."""
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in given.items()}
    names = ", ".join(plain)
    return tab.evaluate(f"async ({{{names}}}) => {{ const {{hex, unhex}} = ballot; {script} }}", plain)


CREDENTIAL = """
    const read = await ballot.readManifest(manifest);
    const mine = await ballot.credential(unhex(seed), read);
"""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_of_rfc_9474_holds(tab: Page, vector: dict[str, str]) -> None:
    made = ask(
        tab,
        """
        const key = {n: BigInt(n), e: 65537n};
        const message = unhex(input);
        const r = await modularInverse(BigInt(inv), key.n);
        const {blinded, undo} = await ballot.blind(key, message, unhex(salt), r);
        const signature = await ballot.finalize(key, message, unhex(answer), undo, salt.length / 2);
        const encoded = await ballot.encode(message, unhex(salt), key.n.toString(2).length - 1);
        return {blinded: hex(blinded), signature: hex(signature), encoded: hex(encoded),
                undo: undo === BigInt(inv)};

        function modularInverse(a, n) {
          let [old, rest, s, t] = [a, n, 1n, 0n];
          while (rest > 0n) {
            const q = old / rest;
            [old, rest, s, t] = [rest, old - q * rest, t, s - q * t];
          }
          return ((s % n) + n) % n;
        }
        """,
        n=vector["n"],
        input=vector["input_msg"],
        salt=vector["salt"],
        inv=vector["inv"],
        answer=vector["blind_sig"],
    )
    assert (made["blinded"], made["signature"]) == (vector["blinded_msg"], vector["sig"])
    assert made["undo"] and made["encoded"] == vector.get("encoded_msg", made["encoded"])


def test_browser_and_python_make_the_same_credential_from_a_seed(tab: Page) -> None:
    manifest = counted().manifest
    for member in range(3):
        seed = numbered("browser", member, 16)
        mine = Credential.from_seed(seed, manifest)
        answer = signer().sign(mine.blinded)
        made = ask(
            tab,
            CREDENTIAL
            + """
            return {hash: hex(read.hash), key: hex(mine.key), blinded: hex(mine.blinded),
                    prefix: hex(mine.prefix), token: hex(await mine.token(unhex(answer))),
                    words: await ballot.seedWords(unhex(seed)),
                    order: await ballot.candidateOrder(read, mine.key), shown: ballot.words(read.hash),
                    back: hex(await ballot.seedFrom(await ballot.seedWords(unhex(seed))))};
            """,
            manifest=manifest.document,
            seed=seed,
            answer=answer,
        )
        assert made == {
            "hash": manifest.hash.hex(),
            "key": mine.key.hex(),
            "blinded": mine.blinded.hex(),
            "prefix": mine.prefix.hex(),
            "token": mine.token(answer).hex(),
            "words": words.seed_words(seed),
            "order": candidate_order(manifest, mine.key),
            "shown": words.words(manifest.hash),
            "back": seed.hex(),
        }


def cast(tab: Page, made: World, seed: bytes, ranking: list[int]) -> bytes:
    answer = signer().sign(Credential.from_seed(seed, made.manifest).blinded)
    script = (
        CREDENTIAL
        + "return hex(await ballot.envelope(read, mine, await mine.token(unhex(answer)), ranking));"
    )
    sent = ask(tab, script, manifest=made.manifest.document, seed=seed, answer=answer, ranking=ranking)
    return bytes.fromhex(sent)


def test_a_ballot_sealed_in_the_browser_is_taken_opened_and_receipted(tab: Page) -> None:
    made = counted()
    tally = tally_secret(made.tally_secret, made.manifest)
    for member, ranking in enumerate(([3, 1], [], [4, 3, 2, 1])):
        sent = cast(tab, made, numbered("caster", member, 16), ranking)
        found = envelope.read(sent, made.manifest)
        assert list(opened(found.sealed, made.manifest, found.key, tally)) == ranking
        slip = receipt.sign(made.box, made.manifest, sent)
        script = """
            const read = await ballot.readManifest(manifest);
            return [await ballot.receiptHolds(read, unhex(sent), unhex(slip)),
                    await ballot.receiptHolds(read, unhex(other), unhex(slip)),
                    await ballot.code(unhex(sent)), hex(await ballot.leaf(unhex(sent)))];
            """
        other = bytes([sent[0] ^ 1]) + sent[1:]
        given = {"manifest": made.manifest.document, "sent": sent, "slip": slip, "other": other}
        leaf = receipt.leaf(sent).hex()
        assert ask(tab, script, **given) == [True, False, receipt.code(sent), leaf]


def test_all_rankings_have_the_same_length(tab: Page) -> None:
    made = counted()
    rankings: list[list[int]] = [[], [1], [2, 1], [1, 2, 3, 4]]
    sizes = {len(cast(tab, made, numbered("length", 1, 16), ranking)) for ranking in rankings}
    assert sizes == {envelope.size(made.manifest)}


@pytest.mark.parametrize("ranking", [[1, 1], [0], [5], [1, 2, 3, 4, 1], [1.5]])
def test_a_ranking_that_would_not_count_is_not_sealed(tab: Page, ranking: list[int]) -> None:
    with pytest.raises(Error, match="would not be counted"):
        cast(tab, counted(), numbered("caster", 1, 16), ranking)


def test_an_answer_to_something_else_is_refused(tab: Page) -> None:
    manifest, seed = counted().manifest, numbered("cheated", 1, 16)
    answer = signer().sign(Credential.from_seed(numbered("other", 1, 16), manifest).blinded)
    script = CREDENTIAL + "await mine.token(unhex(answer));"
    with pytest.raises(Error, match="not a signature of this election"):
        ask(tab, script, manifest=manifest.document, seed=seed, answer=answer)


def test_the_blind_signature_itself_is_no_token(tab: Page) -> None:
    made, seed = counted(), numbered("raw", 1, 16)
    answer = signer().sign(Credential.from_seed(seed, made.manifest).blinded)
    script = CREDENTIAL + "await ballot.envelope(read, mine, unhex(answer), [1]);"
    with pytest.raises(Error, match="credential does not verify"):
        ask(tab, script, manifest=made.manifest.document, seed=seed, answer=answer)


@pytest.mark.parametrize("key", ODD_KEYS, ids=bytes.hex)
def test_keys_of_small_order_or_odd_encoding_are_refused_alike(tab: Page, key: bytes) -> None:
    assert not ed25519.sound(key)
    assert ask(tab, "return ballot.soundKey(unhex(key));", key=key) is False


PARTS = """
    const read = await ballot.readManifest(manifest);
    const message = ballot.join(unhex(prefix), unhex(label), read.hash, unhex(key));
    return {
      election: ballot.equal(unhex(hash), read.hash),
      key: ballot.soundKey(unhex(key)),
      signature: await ballot.verifySignature(unhex(key), unhex(signature), unhex(signed)),
      token: await ballot.verifyToken(read.signer, message, unhex(token)),
    };
"""


def checked(tab: Page, made: World, found: Envelope) -> list[str]:
    """The parts of an envelope that the browser's own checks refuse."""
    given = {
        "manifest": made.manifest.document,
        "hash": found.manifest_hash,
        "prefix": found.prefix,
        "label": (LABEL + ROLE.encode()),
        "key": found.key,
        "signature": found.signature,
        "signed": envelope.LABEL + found.body,
        "token": found.token,
    }
    return [name for name, holds in ask(tab, PARTS, **given).items() if not holds]


def test_the_browser_refuses_every_forgery_for_the_reason_the_box_has(tab: Page) -> None:
    made = counted()
    mine = Credential.from_seed(numbered("envelope", 2, 16), made.manifest)
    token = mine.token(signer().sign(mine.blinded))
    good = envelope.read(envelope.make(mine, token, [2, 1]), made.manifest)
    assert checked(tab, made, good) == []
    parts = {"another election": "election", "key is not": "key", "signature is": "signature"}
    for name, (forge, reason) in FORGERIES.items():
        refused = checked(tab, made, forge(good, mine))
        expected = next((part for words, part in parts.items() if words in reason), "token")
        assert expected in refused, (name, refused)


def test_a_scalar_that_is_too_large_is_refused(tab: Page) -> None:
    made = counted()
    slip = receipt.sign(made.box, made.manifest, made.envelopes[0])
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = slip[:32] + (int.from_bytes(slip[32:], "little") + order).to_bytes(32, "little")
    script = "return ballot.receiptHolds(await ballot.readManifest(manifest), unhex(sent), unhex(slip));"
    given = {"manifest": made.manifest.document, "sent": made.envelopes[0]}
    assert ask(tab, script, slip=slip, **given) is True
    assert ask(tab, script, slip=shifted, **given) is False
    assert not receipt.holds(made.manifest, made.envelopes[0], shifted)


LATER: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "a shared tally key": lambda signer: {"tally": "2-of-3"},
    "couriers": lambda signer: {"couriers": ["https://relay.example"]},
    "witnesses": lambda signer: {"witnesses": ["x"]},
    "the next format": lambda signer: {"format": "rostra-election-2"},
    "no signer": lambda signer: {"signers": []},
    "two signers": lambda signer: {"signers": [signer, signer]},
    "another exponent": lambda signer: {"signers": [signer | {"exponent": 3}]},
    "a committee": lambda signer: {"signers": [signer | {"role": "committee"}]},
    "a small key": lambda signer: {"signers": [signer | {"modulus": "ff" * 256}]},
    "too many ranks": lambda signer: {"ranks": 5},
    "a short tally key": lambda signer: {"tally_key": "11" * 31},
}


@pytest.mark.parametrize("name", LATER)
def test_what_is_kept_for_later_is_refused_in_the_browser_too(tab: Page, name: str) -> None:
    change = LATER[name](fields()["signers"][0])
    with pytest.raises(Error, match="The manifest"):
        ask(tab, "await ballot.readManifest(manifest);", manifest=fields(**change))


def test_words_with_a_slip_are_refused(tab: Page) -> None:
    right = words.seed_words(numbered("words", 1, 16))
    for wrong in (
        right[:-4] + ("baba" if right[-4:] != "baba" else "babi"),
        right[5:],
        right + " baba",
        "xxxx " * 12,
    ):
        with pytest.raises(Error, match="words"):
            ask(tab, "await ballot.seedFrom(text);", text=wrong)


def test_two_elections_share_nothing_of_a_seed(tab: Page) -> None:
    seed = numbered("twice", 1, 16)
    script = CREDENTIAL + "return [hex(mine.key), hex(mine.prefix), hex(mine.blinded)];"
    one, other = (ask(tab, script, manifest=fields(title=title), seed=seed) for title in ("A", "B"))
    assert not set(one) & set(other)


def test_the_vectors_are_the_four_published_ones() -> None:
    assert [number(vector["n"]).bit_length() for vector in VECTORS] == [4096] * 4
    assert world().manifest.signer.n.bit_length() == 3072
