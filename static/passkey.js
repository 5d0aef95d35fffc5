// Has the browser make or show a passkey for a form with data-passkey, and sends the form with the answer.
// Without this file, or where the browser knows no passkeys, these forms stay hidden.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

function text(buffer) {
  const characters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  return btoa(characters.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const named = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

function make(options) {
  return navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    },
  });
}

function show(options) {
  return navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: named(options.allowCredentials),
    },
  });
}

// RegistrationResponseJSON and AuthenticationResponseJSON of Web Authentication Level 3
function asJson(credential) {
  const answer = credential.response;
  const response = { clientDataJSON: text(answer.clientDataJSON) };
  if (answer.attestationObject) {
    response.attestationObject = text(answer.attestationObject);
  } else {
    response.authenticatorData = text(answer.authenticatorData);
    response.signature = text(answer.signature);
    if (answer.userHandle) response.userHandle = text(answer.userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

async function ask(form) {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.passkey, { method: "POST", body });
  // The page stood open for too long: it is asked for anew, and leads to a fresh proof.
  if (answer.status === 403 && form.dataset.again) location.assign(form.dataset.again);
  if (!answer.ok) throw new Error(`asked in vain: ${answer.status}`);
  return (await answer.json()).publicKey;
}

async function press(form) {
  const options = await ask(form);
  form.elements.answer.value = asJson(await (options.user ? make(options) : show(options)));
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  const failed = form.querySelector("[data-failed]");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    failed.hidden = true;
    press(form).catch(() => { failed.hidden = false; });
  });
}
