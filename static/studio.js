// Shows the text as it will look while it is written. The page works without this file.
"use strict";

const DELAY = 600;
const form = document.querySelector("form[data-preview]");
const preview = document.getElementById("preview");
let timer = 0;
let asked = 0;

async function show() {
  const number = ++asked;
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  // A slow answer must not replace a newer one; 401 and 403 mean that the sign-in ended: keep what is shown.
  if (number === asked && (answer.ok || answer.status === 422 || answer.status === 413)) {
    preview.innerHTML = await answer.text();
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => show().catch(() => {}), DELAY);
}

if (form && preview) {
  form.addEventListener("input", soon);
  soon();
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", (event) => { changed = event.submitter?.name === "whole" && changed; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
