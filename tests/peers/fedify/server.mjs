// A small fediverse server on Fedify: the peer that is not ours.
//
// One actor, an inbox, and a second port on which the tests tell it what to do
// (POST /look-up, /follow, /unfollow, /post, /reply, /edit, /delete, /like, /undo-like,
// /boost, /undo-boost) and read what it has (GET /store). Everything lives in memory.
//
//   node server.mjs [--host 127.0.0.1] [--handle robin] [--first-knock cavage|rfc9421]
//                   [--accept cavage,rfc9421]
//
// --first-knock is the signature dialect it tries first when it sends; --accept are
// the dialects it takes, as older and newer servers take only one of them.

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { createFederation, generateCryptoKeyPair, getDocumentLoader, MemoryKvStore, verifyRequestDetailed } from "@fedify/fedify";
import {
  Accept, Announce, Create, Delete, Endpoints, Follow, Like, Mention, Note, Person, PUBLIC_COLLECTION,
  Reject, Tombstone, Undo, Update,
} from "@fedify/fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";

const { values: options } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    handle: { type: "string", default: "robin" },
    "first-knock": { type: "string", default: "cavage" },
    accept: { type: "string", default: "cavage,rfc9421" },
  },
});
const HANDLE = options.handle;
const DIALECTS = { cavage: "draft-cavage-http-signatures-12", rfc9421: "rfc9421" };
const accepted = options.accept.split(",");
for (const dialect of [options["first-knock"], ...accepted]) {
  if (!(dialect in DIALECTS)) throw new Error(`Unknown signature dialect: ${dialect}`);
}

const store = {
  received: [], // each activity that passed, once: {type, id, actor, signature, activity}
  requests: [], // each POST to an inbox: {path, id, signature, status, answer}
  sent: [], // each POST that went out, both knocks: {url, signature, status}
  objects: {}, // what the activities left here, by id
  boosts: [], // {id, actor, object}
  likes: [], // {id, actor, object}
  following: {}, // actor: {id, state}
  followers: {}, // actor: inbox
};
const rsa2048 = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
const keys = [
  await crypto.subtle.generateKey(rsa2048, true, ["sign", "verify"]),
  await generateCryptoKeyPair("Ed25519"),
];
const notes = new Map(); // uuid: Note, or null once deleted
const sendable = new Map(); // id of an activity or note of ours: {object, recipient}

// --- The federated side -------------------------------------------------------------

const federation = createFederation({
  kv: new MemoryKvStore(),
  allowPrivateAddress: true,
  firstKnock: DIALECTS[options["first-knock"]],
});

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    if (identifier !== HANDLE) return null;
    const pairs = await ctx.getActorKeyPairs(identifier);
    return new Person({
      id: ctx.getActorUri(identifier),
      url: ctx.getActorUri(identifier),
      preferredUsername: identifier,
      name: "Robin Reader",
      summary: "<p>Reads the news.</p>",
      inbox: ctx.getInboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher((_, identifier) => (identifier === HANDLE ? keys : []));

federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({
  items: Object.entries(store.followers).map(([id, inbox]) => ({ id: new URL(id), inboxId: new URL(inbox) })),
}));

federation.setObjectDispatcher(Note, "/notes/{id}", (_, { id }) => notes.get(id) ?? null);

const listeners = federation.setInboxListeners("/users/{identifier}/inbox", "/inbox");
const listen = (type, apply) =>
  listeners.on(type, async (ctx, activity) => {
    store.received.push({
      type: type.name,
      id: activity.id?.href,
      actor: activity.actorId?.href,
      signature: ctx.data.signature,
      activity: ctx.data.json,
    });
    await apply(ctx, activity);
  });

listen(Create, async (ctx, create) => keep(await create.getObject(ctx)));
listen(Update, async (ctx, update) => keep(await update.getObject(ctx)));
listen(Delete, (_, { objectId }) => { delete store.objects[objectId.href]; });
listen(Like, (_, like) => store.likes.push(reaction(like)));
listen(Announce, async (ctx, announce) => {
  store.boosts.push(reaction(announce));
  const signing = await ctx.getDocumentLoader({ identifier: HANDLE });
  await keep(await announce.getObject({ documentLoader: signing, contextLoader }));
});
listen(Follow, async (ctx, follow) => {
  const actor = await follow.getActor(ctx);
  store.followers[actor.id.href] = actor.inboxId.href;
  const accept = new Accept({ ...ofOurs(), object: follow });
  await ctx.sendActivity({ identifier: HANDLE }, actor, accept);
});
listen(Accept, (_, accept) => answered(accept, "accepted"));
listen(Reject, (_, reject) => answered(reject, "rejected"));
listen(Undo, (_, undo) => {
  const { actorId, objectId } = undo;
  store.boosts = store.boosts.filter((boost) => boost.id !== objectId.href || boost.actor !== actorId.href);
  store.likes = store.likes.filter((like) => like.id !== objectId.href || like.actor !== actorId.href);
  if (store.received.some((it) => it.type === "Follow" && it.id === objectId.href && it.actor === actorId.href)) {
    delete store.followers[actorId.href];
  }
});

const reaction = (activity) => ({ id: activity.id.href, actor: activity.actorId.href, object: activity.objectId.href });

function answered(activity, state) {
  const follow = store.following[activity.actorId.href];
  if (follow?.id === activity.objectId?.href) follow.state = state;
}

async function keep(object) {
  if (object?.id) store.objects[object.id.href] = await object.toJsonLd({ format: "compact", contextLoader });
}

// --- The signature of what comes in ----------------------------------------------------

// Fedify takes an activity by its object proof alone; the tests ask which HTTP dialect
// held, so it is verified here as well.
const documentLoader = getDocumentLoader({ allowPrivateAddress: true });
const contextLoader = documentLoader;
const seenKeys = new Map();
const keyCache = {
  get: async (id) => seenKeys.get(id.href),
  set: async (id, key) => { if (key) seenKeys.set(id.href, key); },
};

const dialectOf = (headers) =>
  headers.has("signature-input") ? "rfc9421" : headers.has("signature") ? "cavage" : "unsigned";

async function signatureOf(request) {
  const dialect = dialectOf(request.headers);
  const result = await verifyRequestDetailed(request, { documentLoader, contextLoader, keyCache });
  return result.verified ? dialect : `${dialect}: ${result.reason.type}`;
}

async function receive(request, body) {
  const path = new URL(request.url).pathname;
  const signature = await signatureOf(request.clone());
  const json = parsed(body);
  const response = accepted.includes(dialectOf(request.headers)) || signature.startsWith("unsigned")
    ? await federation.fetch(request, { contextData: { signature, json } })
    : new Response("This signature dialect is not spoken here.", { status: 401 });
  const answer = await response.clone().text();
  store.requests.push({ path, id: json?.id, signature, status: response.status, answer });
  return response;
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

async function serve(request, body) {
  if (request.method === "POST") return await receive(request, body);
  const note = new URL(request.url).pathname.match(/^\/notes\/(.+)$/);
  if (note && notes.get(note[1]) === null) return new Response(null, { status: 410 });
  return await federation.fetch(request, { contextData: {} });
}

// --- What the tests have it do ---------------------------------------------------------

const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  if (request.method !== "POST") return await plainFetch(withoutTls(input), init);
  const attempt = { url: request.url, signature: dialectOf(request.headers), status: null };
  store.sent.push(attempt);
  const response = await plainFetch(request);
  attempt.status = response.status;
  return response;
};

// A name (@who@host) is always looked up by https; no server of the tests speaks it.
function withoutTls(input) {
  const url = input instanceof URL ? new URL(input) : null;
  if (url?.pathname !== "/.well-known/webfinger") return input;
  url.protocol = "http:";
  return url;
}

let context; // set once the port is known
const me = () => context.getActorUri(HANDLE);
const newId = (folder) => new URL(`/${folder}/${crypto.randomUUID()}`, context.origin);

async function lookUp(id) {
  const loader = await context.getDocumentLoader({ identifier: HANDLE });
  const object = await context.lookupObject(id, { documentLoader: loader });
  if (object == null) throw new Error(`Nothing found at ${id}`);
  return object;
}

async function authorOf(id) {
  const object = await lookUp(id);
  return await lookUp(object.attributionId);
}

/** Sends; the answer lists both knocks: {id, note, attempts: [{url, signature, status}]}. */
async function send(recipient, activity, note = undefined) {
  const before = store.sent.length;
  sendable.set(activity.id.href, { object: activity, recipient });
  try {
    await context.sendActivity({ identifier: HANDLE }, recipient, activity);
  } catch (error) {
    if (error?.statusCode === undefined) throw error; // refused by the peer: the attempts say so
  }
  return { id: activity.id.href, note: note?.id.href, attempts: store.sent.slice(before) };
}

async function undo(id) {
  const known = sendable.get(id);
  if (known === undefined) throw new Error(`No activity of ours: ${id}`);
  return await send(known.recipient, new Undo({ ...ofOurs(), object: known.object }));
}

const ofOurs = () => ({ id: newId("activities"), actor: me() });
const uuidOf = (id) => id.split("/").at(-1);

function keepNote(note, recipient) {
  notes.set(uuidOf(note.id.href), note);
  sendable.set(note.id.href, { object: note, recipient });
}

async function say(recipient, content) {
  const id = newId("notes");
  const note = new Note({ id, url: id, attribution: me(), published: Temporal.Now.instant(), ...content });
  keepNote(note, recipient);
  return await send(recipient, new Create({ ...ofOurs(), object: note, tos: content.tos, ccs: content.ccs }), note);
}

const actions = {
  async "look-up"({ name }) {
    const object = await lookUp(name);
    return await object.toJsonLd({ format: "compact", contextLoader });
  },
  async follow({ actor }) {
    const target = await lookUp(actor);
    const follow = new Follow({ ...ofOurs(), object: target.id });
    store.following[target.id.href] = { id: follow.id.href, state: "pending" };
    return await send(target, follow);
  },
  async unfollow({ actor }) {
    const follow = store.following[actor];
    if (follow === undefined) throw new Error(`Not following ${actor}`);
    delete store.following[actor];
    return await undo(follow.id);
  },
  async post({ content }) {
    return await say("followers", { content, tos: [PUBLIC_COLLECTION], ccs: [context.getFollowersUri(HANDLE)] });
  },
  async reply({ inReplyTo, content }) {
    const author = await authorOf(inReplyTo);
    const tags = [new Mention({ href: author.id, name: `@${author.preferredUsername}` })];
    return await say(author, { content, replyTarget: new URL(inReplyTo), tags, tos: [PUBLIC_COLLECTION], ccs: [author.id] });
  },
  async edit({ id, content }) {
    const { object, recipient } = sendable.get(id);
    const note = object.clone({ content, updated: Temporal.Now.instant() });
    keepNote(note, recipient);
    return await send(recipient, new Update({ ...ofOurs(), object: note, tos: [PUBLIC_COLLECTION] }), note);
  },
  async delete({ id }) {
    const { recipient } = sendable.get(id);
    notes.set(uuidOf(id), null);
    const object = new Tombstone({ id: new URL(id) });
    return await send(recipient, new Delete({ ...ofOurs(), object, tos: [PUBLIC_COLLECTION] }));
  },
  async like({ object }) {
    const author = await authorOf(object);
    return await send(author, new Like({ ...ofOurs(), object: new URL(object) }));
  },
  async boost({ object }) {
    const author = await authorOf(object);
    const published = Temporal.Now.instant();
    const audience = { tos: [PUBLIC_COLLECTION], ccs: [author.id] };
    return await send(author, new Announce({ ...ofOurs(), object: new URL(object), published, ...audience }));
  },
  "undo-like": ({ id }) => undo(id),
  "undo-boost": ({ id }) => undo(id),
};

function statistics() {
  const refused = {};
  for (const { status } of store.requests) if (status >= 400) refused[status] = (refused[status] ?? 0) + 1;
  return { ...store, refused };
}

async function control(request, body) {
  const name = new URL(request.url).pathname.slice(1);
  if (request.method === "GET" && name === "store") return Response.json(statistics());
  if (request.method !== "POST" || !Object.hasOwn(actions, name)) return new Response(null, { status: 404 });
  try {
    return Response.json(await actions[name](JSON.parse(body)));
  } catch (error) {
    return Response.json({ error: String(error?.stack ?? error) }, { status: 500 });
  }
}

// --- node:http, in terms of Request and Response ---------------------------------------

async function listenOn(host, answer) {
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = chunks.length ? Buffer.concat(chunks) : undefined;
    const headers = new Headers();
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
    const request = new Request(new URL(incoming.url, origin), { method: incoming.method, headers, body });
    const response = await answer(request, body).catch((error) => new Response(String(error), { status: 500 }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise((ready) => server.listen(0, host, ready));
  const origin = `http://${host}:${server.address().port}`;
  return origin;
}

const origin = await listenOn(options.host, serve);
context = federation.createContext(new URL(origin), {});
const ready = { origin, control: await listenOn(options.host, control), actor: me().href, handle: HANDLE };
console.log(JSON.stringify(ready));
