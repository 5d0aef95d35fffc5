// A ballot that is filled in: names that stand still, the voter's number beside each. It keeps and sends nothing.
// The manifest names this file's SHA-256.

export function part(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

const glyph = (text) => {
  const made = part("span", text);
  made.ariaHidden = "true";
  return made;
};

// A button's name is what it shows and, for those who cannot see the row, whose row it is.
function button(act, candidate, shown, hidden) {
  const made = part("button", "");
  made.type = "button";
  made.className = act === "rank" ? "" : "quiet";
  Object.assign(made.dataset, { act, candidate });
  made.append(shown, part("span", hidden, "hidden"));
  return made;
}

export class Paper {
  // list: the element of the rows; names: of the candidates, who are numbers from 1; ranks: the most that are ranked;
  // rule: of the count; withdrawn: numbers; address: of the election's page; say: a sentence by its name.
  constructor(list, about) {
    Object.assign(this, about, { list, order: [], ranking: [] });
    this.ordered = this.rule !== "approval";
    this.numbered = this.ordered && this.ranks > 1;
  }

  // A fresh paper; order: candidates' numbers as they are to stand.
  open(order) {
    this.order = order;
    this.ranking = [];
    this.list.replaceChildren(...order.map((candidate) => this.row(candidate)));
    this.draft();
  }

  clear() {
    this.open([]);
  }

  name(candidate) {
    return this.names[candidate - 1];
  }

  get full() {
    return this.ranking.length >= this.ranks;
  }

  get left() {
    return this.order.filter((each) => !this.ranking.includes(each) && !this.withdrawn.has(each));
  }

  tally() {
    return this.say("tally", { ranked: this.ranking.length, unranked: this.left.length });
  }

  row(candidate) {
    const name = this.name(candidate);
    const whole = part("li", "");
    whole.dataset.candidate = candidate;
    const link = part("a", "");
    Object.assign(link, { href: `${this.address}#candidate-${candidate}`, target: "_blank", rel: "noreferrer" });
    link.append(part("bdi", name), part("span", ` ${this.say("card")}`, "hidden"));
    const shown = part("span", "", "name");
    shown.append(link);
    const acts = part("span", "", "acts");
    acts.append(...(this.withdrawn.has(candidate) ? [this.say("withdrew")] : this.buttons(candidate, name)));
    whole.append(part("span", "", "place"), shown, acts);
    return whole;
  }

  buttons(candidate, name) {
    const moves = [
      button("up", candidate, glyph("▲"), this.say("up", { name })),
      button("down", candidate, glyph("▼"), this.say("down", { name })),
    ];
    const rank = button("rank", candidate, part("span", ""), `: ${name}`);
    const out = button("out", candidate, glyph("✕"), this.say("out", { name }));
    return [rank, ...(this.numbered ? moves : []), out];
  }

  // Brings the rows up to date, each where it stands.
  draft() {
    const next = this.numbered ? this.say("rank", { rank: this.ranking.length + (this.full ? 0 : 1) }) : this.say("choose");
    for (const whole of this.list.children) {
      const place = this.ranking.indexOf(Number(whole.dataset.candidate));
      const ranked = place >= 0;
      whole.className = ranked ? "ranked" : "";
      whole.querySelector(".place").textContent = ranked ? (this.numbered ? place + 1 : "✓") : "";
      const idle = { rank: this.full, up: place === 0, down: place === this.ranking.length - 1, out: false };
      for (const each of whole.querySelectorAll("button")) {
        const { act } = each.dataset;
        each.hidden = (act === "rank") === ranked;
        each.setAttribute("aria-disabled", String(idle[act]));
        if (act === "rank") each.firstChild.textContent = next;
      }
    }
  }

  // One press beside a name; returns what to say. A button that has no use at the moment says why.
  press(act, candidate) {
    const name = this.name(candidate);
    const place = this.ranking.indexOf(candidate);
    const other = act === "up" ? place - 1 : place + 1;
    let told;
    if (act === "rank") {
      if (this.full) return this.say("full", { most: this.ranks });
      this.ranking.push(candidate);
      told = this.numbered ? this.say("ranked", { name, rank: this.ranking.length }) : this.say("chosen", { name });
    } else if (act === "out") {
      this.ranking.splice(place, 1);
      told = this.say("removed", { name });
    } else if (other < 0 || other >= this.ranking.length) {
      return this.say(act === "up" ? "first" : "last", { name });
    } else {
      [this.ranking[place], this.ranking[other]] = [this.ranking[other], this.ranking[place]];
      told = this.say("ranked", { name, rank: other + 1 });
    }
    this.draft();
    return `${told} ${this.tally()}`;
  }

  // The ranked first, in their order; the others as they stood.
  sort() {
    this.order = [...this.ranking, ...this.order.filter((each) => !this.ranking.includes(each))];
    const rows = new Map([...this.list.children].map((each) => [Number(each.dataset.candidate), each]));
    this.list.append(...this.order.map((each) => rows.get(each)));
    return `${this.say("sorted")} ${this.tally()}`;
  }

  // Who is not on it, in a sentence.
  rest() {
    const left = this.left;
    const names = left.map((each) => this.name(each)).join(", ");
    if (!left.length) return this.say("everybody");
    return this.say(this.ordered ? "unranked" : "unchosen", { number: left.length, names });
  }
}
