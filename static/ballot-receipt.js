// Whether the ballot of a receipt is on the published lists. It asks for whole lists only, never for one ballot.
// The manifest names this file's SHA-256.

import * as ballot from "./ballot.js";

const { hex, unhex } = ballot;
const CODE = /[A-Z2-7]{4}(?:-[A-Z2-7]{4}){4}/;

// The value after "name: " in a file that this page made.
export const line = (text, name) => text.match(new RegExp(`^${name}: *(.+?) *$`, "m"))?.[1] ?? "";

// text: a receipt file or a code; fetched: answers of the ballot box by name. Returns {told: a sentence's name, values};
// root: of the list on which it stands; missing: {envelope, receipt} of a ballot that can be complained about.
export async function lookUp(manifest, text, fetched) {
  const [envelope, receipt] = [line(text, "envelope"), line(text, "receipt")];
  const code = text.toUpperCase().match(CODE)?.[0];
  if (line(text, "manifest") && line(text, "manifest") !== hex(manifest.hash)) return { told: "other_election" };
  if (envelope && receipt) return byReceipt(manifest, envelope, receipt, fetched);
  return code ? byCode(code, fetched) : { told: "no_code" };
}

const board = async (fetched) => (await fetched("board.json")).json();

// By the receipt: its ballot's leaf is on the board, whose root followers have.
async function byReceipt(manifest, envelope, receipt, fetched) {
  if (!(await ballot.receiptHolds(manifest, unhex(envelope), unhex(receipt)))) return { told: "false_receipt" };
  const lists = await board(fetched);
  const leaf = hex(await ballot.leaf(unhex(envelope)));
  const first = lists.find((entry) => entry.added.includes(leaf));
  if (first) return listed(lists, first);
  const kind = lists.at(-1)?.kind;
  if (kind === "closed") return { told: "missing", missing: { envelope, receipt } };
  return { told: kind === "final" ? "lost" : "not_yet" };
}

// By the code alone: in the box's list of codes, whose ballots everybody can compare after the count.
async function byCode(code, fetched) {
  const lists = await board(fetched);
  if (!lists.length) return { told: "no_lists" };
  const codes = (await (await fetched("codes.txt")).text()).split("\n");
  if (codes.includes(code)) return listed(lists, lists.at(-1));
  return { told: lists.at(-1).kind === "epoch" ? "not_yet" : "missing_code" };
}

function listed(lists, first) {
  const last = lists.at(-1);
  const shown = last.kind === "final" ? last : first;
  return { told: last.kind === "final" ? "final" : "listed", values: { number: shown.number }, root: shown.root };
}
