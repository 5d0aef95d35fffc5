// The voter's part of the ballot protocol: draw a credential, seal a ranking, sign it, check the receipt.
// No dependency: big integers are the browser's, and so are hashing, Ed25519, X25519 and AES (WebCrypto).
// Everything that is byte for byte the same here and at the newsroom is described in
// docs/decisions/ballot-secrecy.md. The manifest names the SHA-256 of this file.

const encoder = new TextEncoder();
const subtle = globalThis.crypto.subtle;

const ROLE = "registrar";
const BITS = 3072;
const EXPONENT = 65537n;
const PSS_SALT = 48;
const HASH = 48; // of SHA-384, in the blind signature
const SEED = 16;

// --- Bytes -------------------------------------------------------------------------------

export const utf8 = (text) => encoder.encode(text);

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function unhex(text) {
  if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) throw new Error("This is not hexadecimal.");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

export const equal = (a, b) => a.length === b.length && a.every((byte, place) => byte === b[place]);

const number = (bytes) => (bytes.length ? BigInt("0x" + hex(bytes)) : 0n);

function bigEndian(value, size) {
  return unhex(value.toString(16).padStart(2 * size, "0"));
}

const digest = async (name, ...parts) => new Uint8Array(await subtle.digest(name, join(...parts)));

export const sha256 = (...parts) => digest("SHA-256", ...parts);

// --- Words: 12 bits each, a consonant four and a vowel two ----------------------------------

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aiou";

const word = (bits) =>
  CONSONANTS[bits >> 8] + VOWELS[(bits >> 6) & 3] + CONSONANTS[(bits >> 2) & 15] + VOWELS[bits & 3];

export function words(bytes) {
  const count = Math.ceil((bytes.length * 8) / 12);
  const value = number(bytes) << BigInt(count * 12 - bytes.length * 8);
  return Array.from({ length: count }, (_, place) => word(Number((value >> BigInt(12 * (count - 1 - place))) & 0xfffn))).join(" ");
}

const check = async (seed) => (await sha256(utf8("rostra-seed-v1"), seed)).slice(0, 2);

export const freshSeed = () => crypto.getRandomValues(new Uint8Array(SEED));

export const seedWords = async (seed) => words(join(seed, await check(seed)));

export async function seedFrom(text) {
  const found = text.toLowerCase().trim().split(/\s+/);
  const fits = new RegExp(`^(?:[${CONSONANTS}][${VOWELS}]){2}$`);
  if (found.length !== 12 || !found.every((each) => fits.test(each))) {
    throw new Error("These are not the twelve words of a ballot.");
  }
  let value = 0n;
  for (const [a, b, c, d] of found) {
    const bits = (CONSONANTS.indexOf(a) << 8) | (VOWELS.indexOf(b) << 6) | (CONSONANTS.indexOf(c) << 2) | VOWELS.indexOf(d);
    value = (value << 12n) | BigInt(bits);
  }
  const bytes = bigEndian(value, SEED + 2);
  const seed = bytes.slice(0, SEED);
  if (!equal(await check(seed), bytes.slice(SEED))) throw new Error("One of the twelve words is not as it was written down.");
  return seed;
}

// --- The manifest ------------------------------------------------------------------------

// RFC 8785 for what a manifest holds: texts, whole numbers, booleans, lists and objects.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

// Reads what a ballot needs and refuses what this version of the protocol does not have.
export async function readManifest(document) {
  const only = { format: "rostra-election-1", rule_version: 1, tally: "single", couriers: [], witnesses: [] };
  for (const [name, value] of Object.entries(only)) {
    if (canonical(document[name] ?? null) !== canonical(value)) throw new Error(`The manifest has an unknown ${name}.`);
  }
  if (!Array.isArray(document.signers) || document.signers.length !== 1) throw new Error("The manifest must have one signer.");
  const [{ role, modulus, exponent }] = document.signers;
  const n = number(unhex(modulus));
  if (role !== ROLE || exponent !== Number(EXPONENT) || n.toString(2).length !== BITS || n % 2n === 0n) {
    throw new Error("The manifest has an unfit signer.");
  }
  const candidates = document.candidates.length;
  if (!(document.ranks >= 1 && document.ranks <= candidates && candidates <= 255)) throw new Error("The manifest has unfit ranks.");
  return {
    document,
    hash: await sha256(utf8(canonical(document))),
    candidates,
    ranks: document.ranks,
    signer: { n, e: EXPONENT },
    tallyKey: fixed(document.tally_key, 32),
    boxKey: fixed(document.box_key, 32),
  };
}

function fixed(text, size) {
  const bytes = unhex(text);
  if (bytes.length !== size) throw new Error("The manifest has a key of a wrong length.");
  return bytes;
}

// --- RSA blind signatures, RFC 9474 ---------------------------------------------------------

const sizeOf = (key) => Math.ceil(key.n.toString(16).length / 2);

function power(base, exponent, n) {
  let result = 1n;
  for (let rest = exponent, square = base % n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % n;
    square = (square * square) % n;
  }
  return result;
}

// The inverse of a modulo n, or 0 where they share a factor (extended Euclid).
function inverse(a, n) {
  let [old, rest, s, t] = [a % n, n, 1n, 0n];
  while (rest > 0n) {
    const times = old / rest;
    [old, rest, s, t] = [rest, old - times * rest, t, s - times * t];
  }
  return old === 1n ? ((s % n) + n) % n : 0n;
}

async function mask(seed, size) {
  const blocks = [];
  for (let counter = 0; counter * HASH < size; counter += 1) {
    blocks.push(await digest("SHA-384", seed, bigEndian(BigInt(counter), 4)));
  }
  return join(...blocks).slice(0, size);
}

// EMSA-PSS-ENCODE, RFC 8017 section 9.1.1.
export async function encode(message, salt, bits) {
  const size = Math.ceil(bits / 8);
  const hashed = await digest("SHA-384", new Uint8Array(8), await digest("SHA-384", message), salt);
  const block = join(new Uint8Array(size - salt.length - HASH - 2), Uint8Array.of(1), salt);
  const masked = (await mask(hashed, block.length)).map((byte, place) => byte ^ block[place]);
  masked[0] &= 0xff >> (8 * size - bits);
  return join(masked, hashed, Uint8Array.of(0xbc));
}

// What the signer gets, and what turns its answer into a signature. r is used once.
export async function blind(key, message, salt, r) {
  const m = number(await encode(message, salt, key.n.toString(2).length - 1));
  const undo = inverse(r, key.n);
  if (undo === 0n || inverse(m, key.n) === 0n) throw new Error("The blinding factor has no inverse.");
  return { blinded: bigEndian((m * power(r, key.e, key.n)) % key.n, sizeOf(key)), undo };
}

export async function finalize(key, message, answer, undo, saltLength = PSS_SALT) {
  const signature = bigEndian((number(answer) * undo) % key.n, sizeOf(key));
  if (answer.length !== sizeOf(key) || !(await verifyToken(key, message, signature, saltLength))) {
    throw new Error("The signer's answer is not a signature of this election.");
  }
  return signature;
}

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export async function verifyToken(key, message, signature, saltLength = PSS_SALT) {
  const jwk = { kty: "RSA", n: base64url(bigEndian(key.n, sizeOf(key))), e: base64url(bigEndian(key.e, 3)), alg: "PS384" };
  const imported = await subtle.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-384" }, false, ["verify"]);
  return subtle.verify({ name: "RSA-PSS", saltLength }, imported, signature, message);
}

// --- The credential ------------------------------------------------------------------------

async function derive(seed, manifest, purpose, signer, size) {
  const key = await subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: manifest.hash, info: utf8(`rostra/${purpose}/${signer}`) };
  return new Uint8Array(await subtle.deriveBits(how, key, 8 * size));
}

async function blindingFactor(seed, manifest) {
  for (let attempt = 0; ; attempt += 1) {
    const r = number(await derive(seed, manifest, `blind ${attempt}`, ROLE, sizeOf(manifest.signer)));
    if (r > 0n && r < manifest.signer.n && inverse(r, manifest.signer.n) > 0n) return r;
  }
}

const signedMessage = (manifest, key, prefix) => join(prefix, utf8("rostra-ballot-v1" + ROLE), manifest.hash, key);

const PKCS8_ED25519 = unhex("302e020100300506032b657004220420");

async function ed25519Pair(secret) {
  const signing = await subtle.importKey("pkcs8", join(PKCS8_ED25519, secret), "Ed25519", true, ["sign"]);
  const { x } = await subtle.exportKey("jwk", signing);
  const text = atob(x.replace(/-/g, "+").replace(/_/g, "/"));
  return { signing, key: Uint8Array.from(text, (letter) => letter.charCodeAt(0)) };
}

// Everything from the seed, so that a crashed browser can go on from twelve words.
export async function credential(seed, manifest) {
  const { signing, key } = await ed25519Pair(await derive(seed, manifest, "key", "voter", 32));
  const prefix = await derive(seed, manifest, "prefix", ROLE, 32);
  const salt = await derive(seed, manifest, "salt", ROLE, PSS_SALT);
  const message = signedMessage(manifest, key, prefix);
  const { blinded, undo } = await blind(manifest.signer, message, salt, await blindingFactor(seed, manifest));
  return { signing, key, prefix, blinded, token: (answer) => finalize(manifest.signer, message, answer, undo) };
}

// The candidates' numbers in the order this voter sees: no server can know it, and it tells nothing of her.
export async function candidateOrder(manifest, key) {
  const places = [];
  for (let candidate = 1; candidate <= manifest.candidates; candidate += 1) {
    places.push([hex(await sha256(utf8("rostra-order-v1"), manifest.hash, key, Uint8Array.of(candidate))), candidate]);
  }
  return places.sort().map(([, candidate]) => candidate);
}

// --- Ed25519: canonical keys of large order only ---------------------------------------------

const P = 2n ** 255n - 19n;
const Y8 = number(unhex("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"));
const SMALL_ORDER_Y = [0n, 1n, P - 1n, Y8, P - Y8];

export function soundKey(key) {
  const y = number(Uint8Array.from(key).reverse()) & (2n ** 255n - 1n);
  return key.length === 32 && y < P && !SMALL_ORDER_Y.includes(y);
}

const L = 2n ** 252n + 27742317777372353535851937790883648493n;

export async function verifySignature(key, signature, message) {
  if (!soundKey(key) || signature.length !== 64 || number(signature.slice(32).reverse()) >= L) return false;
  const imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return subtle.verify("Ed25519", imported, signature, message);
}

// --- Sealing: HPKE base mode, X25519, HKDF-SHA256, AES-128-GCM (RFC 9180) ----------------------

const KEM_SUITE = join(utf8("KEM"), Uint8Array.of(0, 0x20));
const SUITE = join(utf8("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 1));

async function hmac(key, ...parts) {
  // An empty key is as good as a block of zeros (RFC 2104), and WebCrypto takes no empty one.
  const bytes = key.length ? key : new Uint8Array(32);
  const imported = await subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, join(...parts)));
}

const extract = (suite, salt, label, secret) => hmac(salt, utf8("HPKE-v1"), suite, utf8(label), secret);

async function expand(suite, key, label, info, size) {
  // At most 32 bytes are asked for, so the first block of HKDF-Expand is enough.
  const first = await hmac(key, Uint8Array.of(0, size), utf8("HPKE-v1"), suite, utf8(label), info, Uint8Array.of(1));
  return first.slice(0, size);
}

async function encapsulate(recipient) {
  const ephemeral = await subtle.generateKey("X25519", false, ["deriveBits"]);
  const enc = new Uint8Array(await subtle.exportKey("raw", ephemeral.publicKey));
  const theirs = await subtle.importKey("raw", recipient, "X25519", false, []);
  const shared = new Uint8Array(await subtle.deriveBits({ name: "X25519", public: theirs }, ephemeral.privateKey, 256));
  if (shared.every((byte) => byte === 0)) throw new Error("The tally key is of small order.");
  const secret = await extract(KEM_SUITE, new Uint8Array(), "eae_prk", shared);
  return { enc, shared: await expand(KEM_SUITE, secret, "shared_secret", join(enc, recipient), 32) };
}

export async function sealBytes(plain, recipient, info) {
  const none = new Uint8Array();
  const { enc, shared } = await encapsulate(recipient);
  const context = join(
    Uint8Array.of(0),
    await extract(SUITE, none, "psk_id_hash", none),
    await extract(SUITE, none, "info_hash", info),
  );
  const secret = await extract(SUITE, shared, "secret", none);
  const key = await subtle.importKey("raw", await expand(SUITE, secret, "key", context, 16), "AES-GCM", false, ["encrypt"]);
  const iv = await expand(SUITE, secret, "base_nonce", context, 12);
  return join(enc, new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv }, key, plain)));
}

function paper(ranking, manifest) {
  const fits = ranking.every((each) => Number.isInteger(each) && each >= 1 && each <= manifest.candidates);
  if (!fits || ranking.length > manifest.ranks || new Set(ranking).size !== ranking.length) {
    throw new Error("This ranking would not be counted.");
  }
  const bytes = new Uint8Array(1 + manifest.ranks);
  bytes.set([ranking.length, ...ranking]);
  return bytes;
}

// --- The envelope and its receipt --------------------------------------------------------------

// Made anew it is another envelope, since sealing is random: keep it before sending it.
export async function envelope(manifest, credential, token, ranking) {
  const { key, prefix, signing } = credential;
  if (!soundKey(key)) throw new Error("The key is not allowed.");
  if (!(await verifyToken(manifest.signer, signedMessage(manifest, key, prefix), token))) {
    throw new Error("The credential does not verify.");
  }
  const sealed = await sealBytes(paper(ranking, manifest), manifest.tallyKey, join(utf8("rostra-seal-v1"), manifest.hash, key));
  const body = join(manifest.hash, key, prefix, token, sealed);
  return join(body, new Uint8Array(await subtle.sign("Ed25519", signing, join(utf8("rostra-cast-v1"), body))));
}

// What the board lists for an envelope.
export const leaf = (envelope) => sha256(Uint8Array.of(0), envelope);

export async function receiptHolds(manifest, envelope, receipt) {
  const message = join(utf8("rostra-receipt-v1"), manifest.hash, await leaf(envelope));
  return verifySignature(manifest.boxKey, receipt, message);
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// The tracking code: 100 bits of SHA-256 in five groups of four letters.
export async function code(envelope) {
  const bits = number((await sha256(envelope)).slice(0, 13)) >> 4n;
  const letters = Array.from({ length: 20 }, (_, place) => BASE32[Number((bits >> BigInt(95 - 5 * place)) & 31n)]);
  return letters.join("").match(/.{4}/g).join("-");
}
