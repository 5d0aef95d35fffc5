// Keeps the progress of an open campaign fresh. The page works without this file: reload it.
"use strict";

const SECONDS = 30;
const place = document.querySelector("[data-progress]");

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.progress);
  if (answer.ok) place.innerHTML = await answer.text();
}

if (place) setInterval(() => refresh().catch(() => {}), SECONDS * 1000);
