// Looks a receipt's code up in the published list of ballots. The code is never sent.

const $ = (id) => document.getElementById(id);
const form = $("check");
const CODE = /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){4}$/;

// The cells of one line of CSV; a name holds no line end.
function cells(line) {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
}

function tell(text, ranking = []) {
  $("told").textContent = text;
  $("says").hidden = !ranking.length;
  $("says").open = false;
  $("ranking").replaceChildren(
    ...ranking.map((name) => {
      const item = document.createElement("li");
      item.textContent = name;
      return item;
    }),
  );
}

async function lookUp(code) {
  const words = form.dataset;
  if (!CODE.test(code)) return tell(words.malformed);
  const answer = await fetch(words.list, { credentials: "omit" });
  if (!answer.ok) return tell(words.away);
  const line = (await answer.text()).split("\n").find((each) => each.startsWith(code + ","));
  if (!line) return tell(words.missing);
  const [, invalid, ...ranking] = cells(line);
  if (invalid) return tell(`${words.invalid} ${invalid}`);
  return tell(ranking.length ? words.counted : words.blank, ranking);
}

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  lookUp($("code").value.trim().toUpperCase()).catch(() => tell(form.dataset.away));
});
