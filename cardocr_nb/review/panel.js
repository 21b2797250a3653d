// The panel of one review. All that is shown comes in messages: the model's state holds words of the panel, nothing of a card.

const WAIT = 8000; // milliseconds until the kernel counts as gone; a photo of 20 MB decodes in two seconds
const PREPARE = 60000; // the same while letters are made: the first time on a machine this takes half a minute
const CHINESE = /[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\u{20000}-\u{3ffff}]/gu;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function filled(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function button(words, name, key, shortcut) {
  return make("button", { type: "button", class: name, "aria-keyshortcuts": shortcut }, `${words[name]} `, make("kbd", {}, key));
}

function layout(words, id) {
  const parts = {
    progress: make("progress", { value: 0, max: 1, "aria-label": words.panel }),
    count: make("span"),
    place: make("span"),
    field: make("h3"),
    key: make("p", { class: "key" }),
    crop: make("img", { class: "crop", hidden: "" }),
    noplace: make("p", { hidden: "" }, words.no_place),
    whole: make("img", { class: "whole", hidden: "" }),
    read: make("dd", { class: "read" }),
    score: make("dd"),
    chanceName: make("dt", {}, words.chance),
    chance: make("dd"),
    reasonsName: make("dt", {}, words.reasons),
    reasons: make("dd"),
    input: make("input", { id, type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off" }),
    save: button(words, "save", "Enter", "Enter"),
    restore: button(words, "restore", "Esc", "Escape"),
    absent: button(words, "absent", "Alt+N", "Alt+N"),
    unreadable: button(words, "unreadable", "Alt+U", "Alt+U"),
    previous: button(words, "previous", "Alt+↑", "Alt+ArrowUp"),
    next: button(words, "next", "Alt+↓", "Alt+ArrowDown"),
    card: button(words, "card", "Alt+W", "Alt+W"),
    said: make("p", { class: "said", role: "status", "aria-live": "polite" }),
    fault: make("p", { class: "fault", role: "alert" }),
    advice: make("p", { class: "advice", role: "note", hidden: "" }, words.no_letters),
  };
  const p = parts;
  p.facts = make("dl", {}, make("dt", {}, words.read), p.read, make("dt", {}, words.score), p.score,
    p.chanceName, p.chance, p.reasonsName, p.reasons);
  const keys = [p.save, p.restore, p.absent, p.unreadable, p.previous, p.next, p.card];
  p.task = make("div", {}, p.field, p.key, p.crop, p.noplace, p.facts, make("label", { for: id }, words.stands), p.input);
  p.root = make("section", {
    // JupyterLab's own shortcuts, such as D D to delete a cell, must not fire from here.
    class: "cardocr-review", role: "group", "aria-label": words.panel, "data-lm-suppress-shortcuts": "true",
  }, make("div", { class: "top" }, p.place, p.progress, p.count), p.task,
  make("ul", { class: "keys" }, ...keys.map((key) => make("li", {}, key))), p.said, p.fault, p.advice, p.whole);
  p.ofItem = [p.save, p.restore, p.absent, p.unreadable, p.next, p.card];
  return parts;
}

function picture(img, buffer, alt) {
  if (img.src) URL.revokeObjectURL(img.src);
  img.toggleAttribute("hidden", !buffer);
  if (buffer) {
    img.src = URL.createObjectURL(new Blob([buffer]));
    img.alt = alt;
  } else {
    img.removeAttribute("src");
    img.alt = "";
  }
}

// The Chinese letters that no font of the browser's machine has, sent by the kernel when the panel asks for them.
class Letters {
  constructor(root, id) {
    this.root = root;
    this.family = id; // a family to each panel, so that one that is closed takes nothing from another
    this.asked = new Set();
    this.faces = [];
    this.pen = document.createElement("canvas").getContext("2d");
    // First in the list of fonts, for these letters only: behind system-ui Chromium may draw boxes in their place.
    root.style.setProperty("--letters", `"${id}"`);
  }

  // A Chinese letter is as wide as it is high; what stands in the place of a missing one is narrower.
  drawn(letter) {
    return Math.abs(this.pen.measureText(letter).width - 100) < 5;
  }

  missing(text) {
    this.pen.font = `100px ${getComputedStyle(this.root).fontFamily}`;
    const fresh = [...new Set(text.match(CHINESE))].filter((letter) => !this.asked.has(letter) && !this.drawn(letter));
    for (const letter of fresh) this.asked.add(letter);
    return fresh.join("");
  }

  add(letters, font) {
    const unicodeRange = [...letters].map((letter) => `U+${letter.codePointAt(0).toString(16)}`).join();
    const face = new FontFace(this.family, font, { unicodeRange });
    document.fonts.add(face);
    this.faces.push(face);
    for (const letter of letters) this.asked.add(letter);
  }

  remove() {
    for (const face of this.faces) document.fonts.delete(face);
  }
}

class Panel {
  constructor(model, el) {
    this.model = model;
    this.words = model.get("_words");
    const id = `cardocr-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    this.parts = layout(this.words, id);
    this.letters = new Letters(this.parts.root, id);
    this.preparing = false; // whether letters are awaited
    this.item = null;
    this.open = false; // whether the whole card is asked for; one without a place is shown whole all the same
    this.placed = true;
    this.acted = false; // focus is taken only once a person works here, not when a page is opened
    this.hear = (message, buffers) => this.show(message, buffers);
    model.on("msg:custom", this.hear);
    this.listen();
    el.append(this.parts.root);
    this.ask({ kind: "open" });
  }

  ask(message) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.blame(this.words.lost), this.preparing ? PREPARE : WAIT);
    this.model.send(message);
  }

  askLetters() {
    const { root, input } = this.parts;
    const letters = this.letters.missing(root.textContent + input.value);
    if (letters) {
      this.preparing = true;
      this.model.send({ kind: "letters", letters });
    }
  }

  takeLetters({ letters }, [font]) {
    this.preparing = false;
    if (font) this.letters.add(letters, font);
    else this.parts.advice.hidden = false;
  }

  act(message) {
    this.acted = true;
    this.ask(message);
  }

  decide(verdict) {
    if (this.item === null) return;
    const text = this.parts.input.value;
    if (!verdict && !text.trim()) {
      this.blame(this.words.empty);
      return;
    }
    const { number } = this.item;
    this.act({ kind: "decide", number, ...(verdict ? { verdict } : { text }) });
  }

  restore() {
    if (this.item !== null) this.parts.input.value = this.item.text ?? "";
  }

  toggleCard() {
    if (this.item === null) return;
    this.open = !this.open;
    this.parts.card.setAttribute("aria-pressed", String(this.open));
    if (this.open) this.act({ kind: "card", number: this.item.number });
    else if (this.placed) picture(this.parts.whole, null);
  }

  listen() {
    const { root, ...p } = this.parts;
    const deeds = {
      save: () => this.decide(null),
      restore: () => this.restore(),
      absent: () => this.decide("absent"),
      unreadable: () => this.decide("unreadable"),
      previous: () => this.act({ kind: "move", step: -1 }),
      next: () => this.act({ kind: "move", step: 1 }),
      card: () => this.toggleCard(),
    };
    // By place on the keyboard: with Option held, a Mac makes other letters of N, U and W.
    const keys = {
      KeyN: deeds.absent, KeyU: deeds.unreadable, KeyW: deeds.card, ArrowUp: deeds.previous, ArrowDown: deeds.next,
    };
    for (const [name, deed] of Object.entries(deeds)) p[name].addEventListener("click", deed);
    p.input.addEventListener("input", () => this.askLetters());
    root.addEventListener("keydown", (event) => {
      event.stopPropagation();
      // Enter and Escape belong to the input method while Chinese is being typed.
      if (event.isComposing || event.keyCode === 229 || event.repeat) return;
      // Every decision is kept at once; the browser shall not offer to save the page instead.
      if ((event.ctrlKey || event.metaKey) && event.code === "KeyS") event.preventDefault();
      const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
      let deed = null;
      if (plain && event.altKey) deed = keys[event.code];
      else if (plain && event.key === "Enter" && event.target === p.input) deed = deeds.save;
      else if (plain && event.key === "Escape") deed = deeds.restore;
      if (deed) {
        event.preventDefault();
        deed();
      }
    });
  }

  show(message, buffers) {
    if (message.kind === "letters") {
      this.takeLetters(message, buffers);
      return;
    }
    clearTimeout(this.timer);
    if (message.kind === "fault") this.blame(message.message);
    else if (message.kind === "card") this.showCard(message, buffers);
    else if (message.kind === "end") this.showEnd(message);
    else this.showItem(message, buffers);
    this.askLetters();
  }

  showTop({ done, total, number, said }) {
    const { words, parts: p } = this;
    p.progress.max = Math.max(total, 1);
    p.progress.value = done;
    p.count.textContent = filled(words.progress, { done, total });
    p.place.textContent = number < total ? filled(words.place, { number: number + 1, total }) : "";
    const deed = { absent: words.absent_said, unreadable: words.unreadable_said }[said] ?? words[said] ?? "";
    p.said.textContent = [deed, p.count.textContent].filter(Boolean).join(". ");
    p.fault.textContent = "";
    for (const key of p.ofItem) key.disabled = number >= total;
    p.previous.disabled = number === 0;
  }

  showItem(item, buffers) {
    const { words, parts: p } = this;
    this.item = item;
    this.showTop(item);
    p.task.hidden = false;
    p.field.textContent = item.field;
    p.key.textContent = item.key;
    picture(p.crop, buffers[0], filled(words.crop_alt, item));
    p.noplace.hidden = buffers.length > 0 || item.fault !== null;
    p.read.textContent = item.text ?? words.nothing;
    p.score.textContent = item.score ?? words.no_score;
    p.chance.hidden = p.chanceName.hidden = item.chance === null;
    p.chance.textContent = item.chance === null ? "" : `${(100 * item.chance).toFixed(0)} %`;
    p.reasons.hidden = p.reasonsName.hidden = item.reasons.length === 0;
    p.reasons.replaceChildren(make("ul", {}, ...item.reasons.map((reason) => make("li", {}, reason))));
    p.input.value = item.verdict === null ? item.text ?? "" : item.typed;
    if (item.verdict !== null && !item.said) {
      p.said.textContent = words[`${item.verdict}_said`] ?? words[item.verdict];
    }
    if (item.fault !== null) this.blame(item.fault);
    picture(p.whole, null);
    this.placed = buffers.length > 0;
    if (this.open || (!this.placed && item.fault === null)) this.ask({ kind: "card", number: item.number });
    if (this.acted) p.input.focus({ preventScroll: true });
  }

  showCard({ number }, buffers) {
    if ((this.open || !this.placed) && this.item?.number === number) {
      const alt = this.placed ? this.words.card_alt : this.words.card_alone_alt;
      picture(this.parts.whole, buffers[0], filled(alt, this.item));
    }
  }

  showEnd(message) {
    const { words, parts: p } = this;
    this.item = null;
    this.showTop(message);
    p.task.hidden = true;
    picture(p.crop, null);
    picture(p.whole, null);
    p.input.value = "";
    p.said.textContent = filled(words.end, message);
    if (this.acted) p.previous.focus({ preventScroll: true });
  }

  blame(message) {
    clearTimeout(this.timer);
    this.parts.fault.textContent = message;
  }

  remove() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.hear);
    this.letters.remove();
    picture(this.parts.crop, null);
    picture(this.parts.whole, null);
  }
}

export default {
  render({ model, el }) {
    const panel = new Panel(model, el);
    return () => panel.remove();
  },
};
