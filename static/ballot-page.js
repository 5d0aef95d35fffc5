// What the ballot page does: leads through drawing, ranking, casting and checking. The protocol is in ballot.js.
// Nothing of it leaves this page but a blinded number, the sealed ballot and, in a complaint, its receipt. The
// words, the ranking and the keys go into no address. What is kept, and where, stands under "Keeping" alone.
// It has no words of its own: the page hands them over in its own language. A ballot is filled in by
// ballot-paper.js, a receipt looked up by ballot-receipt.js. The manifest names the SHA-256 of all four.

import * as ballot from "./ballot.js";
import { Paper, part } from "./ballot-paper.js";
import { line, lookUp } from "./ballot-receipt.js";

const { hex, unhex } = ballot;
const $ = (id) => document.getElementById(id);
const page = $("page").dataset;
const sentences = JSON.parse($("sentences").textContent);
const say = (name, values = {}) => sentences[name].replace(/%\((\w+)\)s/g, (_, key) => values[key]);

let manifest; // as ballot.readManifest gives it
let mine = null; // {seed, credential, token, answer} of who votes or has just drawn
let paper; // as far as it is filled in
let waiting = null; // an answer that came back to a tab without its seed
let pending = null; // what was sent, should this tab be allowed to keep nothing
let checked = null; // the receipt that was looked up: {envelope, receipt}

// --- Keeping: the seed in this tab while the newsroom signs; the credential on this device if the voter ticks it;
// the sealed ballot and its receipt in this tab. All in the ballot box's own origin.

const KEYS = { seed: `rostra-seed-${page.slug}`, sent: `rostra-sent-${page.slug}`, kept: `rostra-credential-${page.slug}` };
const tab = store(() => sessionStorage);
const device = store(() => localStorage);

// A browser may forbid keeping anything; then everything works that needs none of it.
function store(where) {
  const attempt = (act) => {
    try {
      return act(where());
    } catch {
      return null;
    }
  };
  return {
    get: (key) => attempt((it) => it.getItem(key)),
    set: (key, value) => attempt((it) => it.setItem(key, value)),
    drop: (key) => attempt((it) => it.removeItem(key)),
  };
}

const sent = () => JSON.parse(tab.get(KEYS.sent));

// --- Showing -----------------------------------------------------------------------------

function show(id) {
  for (const section of $("page").querySelectorAll("section")) section.hidden = section.id !== id;
  $("trouble").hidden = true;
  $("standing").hidden = id !== "start";
  if (id === "start") forgetVoter();
  $("kept").hidden = !device.get(KEYS.kept);
  $(id).querySelector("h2").focus();
}

function tell(id, text) {
  $(id).textContent = text;
  $(id).hidden = !text;
}

function offer(link, lines) {
  URL.revokeObjectURL($(link).href);
  $(link).href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/plain" }));
}

// --- Speaking to the ballot box: never with a cookie, never with a referrer ----------------------

const QUIET = { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" };

async function fetched(name) {
  const answer = await fetch(name, QUIET);
  if (!answer.ok) throw new Error(name);
  return answer;
}

const post = (name, body) =>
  fetch(name, { ...QUIET, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// --- Drawing -------------------------------------------------------------------------------

const hexWords = async (bytes, size) => ballot.words((await ballot.sha256(bytes)).slice(0, size));

// The newsroom's page for a blinded value, and four words that both pages show for it.
async function signing(seed, link, mark) {
  const { blinded } = await ballot.credential(seed, manifest);
  $(mark).textContent = await hexWords(blinded, 6);
  $(link).dataset.to = `${page.address}/draw?blinded=${hex(blinded)}`;
}

async function draw() {
  const kept = tab.get(KEYS.seed);
  const seed = kept ? unhex(kept) : ballot.freshSeed();
  tab.set(KEYS.seed, hex(seed));
  $("seed").replaceChildren(...(await ballot.seedWords(seed)).split(" ").map((word) => part("li", word)));
  await signing(seed, "sign", "mark");
  written();
  show("twelve");
}

function written() {
  const link = $("sign");
  if ($("written").checked) link.href = link.dataset.to;
  else link.removeAttribute("href");
  link.setAttribute("aria-disabled", String(!$("written").checked));
}

// Back from the newsroom: its answer, and the seed that waited in this tab.
async function receive(answer) {
  const seed = tab.get(KEYS.seed);
  if (!seed) return ask("foreign", answer);
  try {
    await hold(unhex(seed), unhex(answer));
  } catch {
    return ask("foreign", answer);
  }
  return ready();
}

async function hold(seed, answer) {
  const credential = await ballot.credential(seed, manifest);
  mine = { seed, answer, credential, token: await credential.token(answer) };
}

// From here on the words on paper, or the file, are what remains; this tab forgets with the way back.
async function ready() {
  tab.drop(KEYS.seed);
  offer("credential-file", await credentialLines());
  $("keep").checked = Boolean(device.get(KEYS.kept));
  show("drawn");
}

async function credentialLines() {
  return [
    say("credential_title"),
    say("election", { title: page.title }),
    `manifest: ${hex(manifest.hash)}`,
    `words: ${await ballot.seedWords(mine.seed)}`,
    `answer: ${hex(mine.answer)}`,
  ];
}

async function keep() {
  if ($("keep").checked) device.set(KEYS.kept, (await credentialLines()).join("\n"));
  else device.drop(KEYS.kept);
}

// --- Entering a credential --------------------------------------------------------------------

function ask(problem = "", answer = null) {
  waiting = answer;
  tell("enter-problem", problem && say(problem));
  $("fetch").hidden = true;
  show("enter");
}

// From a file or from words alone; goes on to the ballot, or to the newsroom for the signature.
async function enter(text, next) {
  const manifestOf = line(text, "manifest");
  if (manifestOf && manifestOf !== hex(manifest.hash)) return ask("other_election", waiting);
  let seed;
  try {
    seed = await ballot.seedFrom(line(text, "words") || text);
  } catch {
    return ask(text.trim().split(/\s+/).length === 12 ? "slip" : "unreadable", waiting);
  }
  const answer = line(text, "answer") || waiting;
  try {
    if (answer) await hold(seed, unhex(answer));
  } catch {
    mine = null;
  }
  if (mine) return next();
  tab.set(KEYS.seed, hex(seed));
  await signing(seed, "sign-again", "mark-again");
  $("sign-again").href = $("sign-again").dataset.to;
  tell("enter-problem", say(answer ? "foreign" : "fetch"));
  $("fetch").hidden = false;
}

const entered = (text) => enter(text, waiting || page.phase !== "voting" ? ready : open);

async function vote() {
  const kept = device.get(KEYS.kept);
  if (mine) await open();
  else if (kept) await enter(kept, open);
  else ask();
}

// --- Ranking ---------------------------------------------------------------------------------

async function open() {
  paper.open(await ballot.candidateOrder(manifest, mine.credential.key));
  tell("status", "");
  show("rank");
}

function pressed(event) {
  const hit = event.target.closest("button");
  // The second half of a double click is not meant.
  if (!hit || event.detail > 1) return;
  tell("status", paper.press(hit.dataset.act, Number(hit.dataset.candidate)));
  // The keyboard's place stays in its row when the pressed button goes.
  if (hit.hidden) hit.closest("li").querySelector("button:not([hidden])").focus();
}

function review() {
  const { ranking } = paper;
  $("chosen").replaceChildren(...ranking.map((each) => part("li", paper.name(each))));
  $("chosen").style.listStyle = paper.numbered ? "" : "disc";
  $("empty").hidden = ranking.length > 0;
  tell("left", ranking.length ? paper.rest() : "");
  show("review");
}

function blank() {
  paper.ranking = [];
  paper.draft();
  tell("status", "");
  review();
}

// --- Casting -----------------------------------------------------------------------------------

// The envelope is kept before it is sent: made anew it would be another one.
async function cast() {
  const envelope = await ballot.envelope(manifest, mine.credential, mine.token, paper.ranking);
  tab.set(KEYS.sent, JSON.stringify({ envelope: hex(envelope) }));
  pending = { envelope: hex(envelope) };
  await send();
}

async function send() {
  const it = (pending ??= sent());
  offer("envelope-file", receiptLines(it));
  let answer;
  let told;
  try {
    answer = await post("ballots", { envelope: it.envelope });
    told = await answer.json();
  } catch {
    return unsure("offline");
  }
  if (answer.status === 409) return earlier(told);
  if (answer.status === 403) return unsure("untimely");
  if (answer.status >= 500 || answer.status === 429) return unsure("busy");
  if (!answer.ok) return unsure("refused");
  const envelope = unhex(it.envelope);
  if (!(await ballot.receiptHolds(manifest, envelope, unhex(told.receipt)))) return unsure("no_receipt");
  Object.assign(it, { receipt: told.receipt, code: await ballot.code(envelope), told: "cast" });
  tab.set(KEYS.sent, JSON.stringify(it));
  forget();
  return receipted(it);
}

function unsure(reason) {
  show("unsure");
  tell("unsure-reason", say(reason));
}

function earlier({ receipt, code }) {
  const it = { receipt, code: code ?? "", told: "earlier" };
  tab.set(KEYS.sent, JSON.stringify(it));
  forget();
  receipted(it);
}

function forgetVoter() {
  [mine, waiting] = [null, null];
  paper.clear();
  $("chosen").replaceChildren();
  $("left").textContent = "";
}

// After the cast nothing of the credential stays here.
function forget() {
  forgetVoter();
  tab.drop(KEYS.seed);
  device.drop(KEYS.kept);
}

function receiptLines(it) {
  const lines = [say("receipt_title"), say("election", { title: page.title }), `manifest: ${hex(manifest.hash)}`];
  for (const name of ["code", "receipt", "envelope"]) if (it[name]) lines.push(`${name}: ${it[name]}`);
  return lines;
}

function receipted(it) {
  $("code").textContent = it.code;
  offer("receipt-file", receiptLines(it));
  show("receipt");
  tell("receipt-told", say(it.told));
}

// --- Checking ------------------------------------------------------------------------------------

async function check(text) {
  tell("found", say("working"));
  const result = await lookUp(manifest, text, fetched).catch(() => ({ told: "no_board" }));
  checked = result.missing ?? null;
  $("complain").hidden = !checked;
  tell("found", say(result.told, result.values));
  tell("found-root", result.root ? say("root", { root: result.root }) : "");
}

async function complain() {
  try {
    const answer = await post("complaints", checked);
    const { code } = await answer.json();
    tell("found", answer.ok ? say("complained", { code }) : say("no_complaint"));
    $("complain").hidden = answer.ok;
  } catch {
    tell("found", say("no_board"));
  }
}

// --- From the beginning --------------------------------------------------------------------------

async function able() {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign"]);
    await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
    return true;
  } catch {
    return false;
  }
}

// What a link brought after its "#" is taken out of the address at once.
function fragment() {
  const brought = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname);
  return brought;
}

const ACTS = {
  draw,
  vote,
  sort: () => tell("status", paper.sort()),
  review,
  blank,
  cast,
  send,
  complain,
  forget: () => {
    device.drop(KEYS.kept);
    show("start");
  },
  clear: () => {
    tab.drop(KEYS.sent);
    pending = null;
    show("start");
  },
};

// One act at a time; what goes wrong is said.
let busy = false;
async function run(act) {
  if (busy) return;
  busy = true;
  try {
    await act();
  } catch (error) {
    tell("trouble", say("broken", { reason: error.message }));
  } finally {
    busy = false;
  }
}

const textOf = (input, act) => input.files[0] && run(async () => act(await input.files[0].text()));

function listen() {
  $("page").addEventListener("click", ({ target, detail }) => {
    const { show: section, do: act } = target.closest("[data-show], [data-do]")?.dataset ?? {};
    if (detail > 1) return;
    if (section) show(section);
    if (act) run(ACTS[act]);
  });
  $("paper").addEventListener("click", pressed);
  $("written").addEventListener("change", written);
  $("keep").addEventListener("change", () => run(keep));
  $("credential").addEventListener("change", ({ target }) => textOf(target, entered));
  $("receipt-input").addEventListener("change", ({ target }) => textOf(target, check));
  for (const [form, input, act] of [["by-words", "typed", entered], ["by-code", "code-input", check]]) {
    $(form).addEventListener("submit", (event) => {
      event.preventDefault();
      run(() => act($(input).value));
    });
  }
}

async function begin() {
  const brought = fragment();
  if (!(await able())) {
    show("unfit");
    return;
  }
  $("ways").hidden = true;
  manifest = await ballot.readManifest(await (await fetched("manifest.json")).json());
  paper = new Paper($("paper"), {
    names: manifest.document.candidates,
    ranks: manifest.ranks,
    rule: page.rule,
    withdrawn: new Set(page.withdrawn.split(" ").filter(Boolean).map(Number)),
    address: page.address,
    say,
  });
  $("hash").textContent = ballot.words(manifest.hash);
  const announced = brought.get("manifest");
  if (announced) tell("hash-link", say("announced"));
  if (announced && announced !== hex(manifest.hash)) throw new Error(say("changed"));
  listen();
  const before = sent();
  if (brought.get("answer")) await receive(brought.get("answer"));
  else if (before?.told) receipted(before);
  else if (before) unsure("offline");
  else show("start");
}

run(begin);
