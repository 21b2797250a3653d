// The panel of one review. Everything of a card comes in messages: the model's state contains only the panel's own texts.

const WAIT = 8000; // milliseconds until the kernel counts as gone; a photo of 20 MB decodes in two seconds
const PREPARE = 60000; // the same while a font is prepared: the first time on a machine this takes half a minute
const CHINESE = /[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\u{20000}-\u{3ffff}]/gu;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function fill(texts, values) {
  return texts.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function button(texts, name, key, shortcut) {
  return make("button", { type: "button", class: name, "aria-keyshortcuts": shortcut }, `${texts[name]} `, make("kbd", {}, key));
}

function layout(texts, id) {
  const parts = {
    progress: make("progress", { value: 0, max: 1, "aria-label": texts.panel }),
    count: make("span"),
    place: make("span"),
    reviewer: make("span", { class: "reviewer" }),
    filter: make("select", { "aria-label": texts.filter, "aria-keyshortcuts": "Alt+L" }),
    field: make("h3"),
    key: make("p", { class: "key" }),
    crop: make("img", { class: "crop", hidden: "" }),
    noplace: make("p", { hidden: "" }, texts.no_place),
    whole: make("img", { class: "whole", hidden: "" }),
    read: make("dd", { class: "read" }),
    score: make("dd"),
    chanceName: make("dt", {}, texts.chance),
    chance: make("dd"),
    reasonsName: make("dt", {}, texts.reasons),
    reasons: make("dd"),
    input: make("input", { id, type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off" }),
    save: button(texts, "save", "Enter", "Enter"),
    restore: button(texts, "restore", "Esc", "Escape"),
    absent: button(texts, "absent", "Alt+N", "Alt+N"),
    unreadable: button(texts, "unreadable", "Alt+U", "Alt+U"),
    previous: button(texts, "previous", "Alt+↑", "Alt+ArrowUp"),
    next: button(texts, "next", "Alt+↓", "Alt+ArrowDown"),
    card: button(texts, "card", "Alt+W", "Alt+W"),
    status: make("p", { class: "status", role: "status", "aria-live": "polite" }),
    fault: make("p", { class: "fault", role: "alert" }),
    advice: make("p", { class: "advice", role: "note", hidden: "" }, texts.no_font),
  };
  const p = parts;
  p.facts = make("dl", {}, make("dt", {}, texts.read), p.read, make("dt", {}, texts.score), p.score,
    p.chanceName, p.chance, p.reasonsName, p.reasons);
  const keys = [p.save, p.restore, p.absent, p.unreadable, p.previous, p.next, p.card];
  p.task = make("div", {}, p.field, p.key, p.crop, p.noplace, p.facts, make("label", { for: id }, texts.on_card), p.input);
  p.filterName = make("span", { class: "filter", hidden: "" }, `${texts.filter} `, make("kbd", {}, "Alt+L"), " ", p.filter);
  p.root = make("section", {
    // JupyterLab's own shortcuts, such as D D to delete a cell, must not fire from here.
    class: "cardocr-review", role: "group", "aria-label": texts.panel, "data-lm-suppress-shortcuts": "true",
  }, make("div", { class: "top" }, p.place, p.progress, p.count, p.filterName, p.reviewer), p.task,
  make("ul", { class: "keys" }, ...keys.map((key) => make("li", {}, key))), p.status, p.fault, p.advice, p.whole);
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

// Chinese characters that no font of the browser's machine has, sent by the kernel on request.
class WebFont {
  constructor(root, id) {
    this.root = root;
    this.family = id; // a family to each panel, so that one that is closed takes nothing from another
    this.asked = new Set();
    this.faces = [];
    this.pen = document.createElement("canvas").getContext("2d");
    // First in the list of fonts, for these characters only: behind system-ui Chromium may draw boxes instead.
    root.style.setProperty("--webfont", `"${id}"`);
  }

  // A Chinese character is as wide as it is high; the box for a missing one is narrower.
  canDraw(character) {
    return Math.abs(this.pen.measureText(character).width - 100) < 5;
  }

  missing(text) {
    this.pen.font = `100px ${getComputedStyle(this.root).fontFamily}`;
    const fresh = [...new Set(text.match(CHINESE))].filter((character) => !this.asked.has(character) && !this.canDraw(character));
    for (const character of fresh) this.asked.add(character);
    return fresh.join("");
  }

  add(characters, font) {
    const unicodeRange = [...characters].map((character) => `U+${character.codePointAt(0).toString(16)}`).join();
    const face = new FontFace(this.family, font, { unicodeRange });
    document.fonts.add(face);
    this.faces.push(face);
    for (const character of characters) this.asked.add(character);
  }

  remove() {
    for (const face of this.faces) document.fonts.delete(face);
  }
}

class Panel {
  constructor(model, el) {
    this.model = model;
    this.texts = model.get("_texts");
    const id = `cardocr-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    this.parts = layout(this.texts, id);
    this.webfont = new WebFont(this.parts.root, id);
    this.preparing = false; // whether a font is awaited
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
    this.timer = setTimeout(() => this.showError(this.texts.lost), this.preparing ? PREPARE : WAIT);
    this.model.send(message);
  }

  requestFont() {
    const { root, input } = this.parts;
    const characters = this.webfont.missing(root.textContent + input.value);
    if (characters) {
      this.preparing = true;
      this.model.send({ kind: "characters", characters });
    }
  }

  addFont({ characters }, [font]) {
    this.preparing = false;
    if (font) this.webfont.add(characters, font);
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
      this.showError(this.texts.empty);
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
    const actions = {
      save: () => this.decide(null),
      restore: () => this.restore(),
      absent: () => this.decide("absent"),
      unreadable: () => this.decide("unreadable"),
      previous: () => this.act({ kind: "move", step: -1 }),
      next: () => this.act({ kind: "move", step: 1 }),
      card: () => this.toggleCard(),
    };
    // By key code: with Option held, a Mac types other characters for N, U and W.
    const keys = {
      KeyN: actions.absent, KeyU: actions.unreadable, KeyW: actions.card, ArrowUp: actions.previous, ArrowDown: actions.next,
      KeyL: () => p.filter.focus(),
    };
    for (const [name, action] of Object.entries(actions)) p[name].addEventListener("click", action);
    p.input.addEventListener("input", () => this.requestFont());
    p.filter.addEventListener("change", () => this.act({ kind: "filter", field: p.filter.value }));
    root.addEventListener("keydown", (event) => {
      event.stopPropagation();
      // Enter and Escape belong to the input method while Chinese is being typed.
      if (event.isComposing || event.keyCode === 229 || event.repeat) return;
      // Every decision is saved at once; the browser must not offer to save the page instead.
      if ((event.ctrlKey || event.metaKey) && event.code === "KeyS") event.preventDefault();
      const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
      // The arrows, Enter and Escape belong to the list while it is used.
      if (event.target === p.filter) return;
      let action = null;
      if (plain && event.altKey) action = keys[event.code];
      else if (plain && event.key === "Enter" && event.target === p.input) action = actions.save;
      else if (plain && event.key === "Escape") action = actions.restore;
      if (action) {
        event.preventDefault();
        action();
      }
    });
  }

  show(message, buffers) {
    if (message.kind === "characters") {
      this.addFont(message, buffers);
      return;
    }
    clearTimeout(this.timer);
    if (message.kind === "fault") this.showError(message.message);
    else if (message.kind === "card") this.showCard(message, buffers);
    else if (message.kind === "end") this.showEnd(message);
    else this.showItem(message, buffers);
    this.requestFont();
  }

  // Whether the list of fields has the focus: arrows change it step by step, and an answer may come between two of them.
  choosing() {
    return this.parts.root.getRootNode().activeElement === this.parts.filter;
  }

  showFilter({ fields, filter, reviewer }) {
    const { texts, parts: p } = this;
    p.filterName.hidden = Object.keys(fields).length < 2;
    if (!p.filter.options.length) {
      p.filter.append(...Object.entries({ "": texts.any, ...fields }).map(([value, name]) => make("option", { value }, name)));
    }
    if (!this.choosing()) p.filter.value = filter;
    p.reviewer.textContent = reviewer && fill(texts.reviewer, { reviewer });
  }

  showTop({ done, total, place, decided, ...rest }) {
    const { texts, parts: p } = this;
    this.showFilter(rest);
    p.progress.max = Math.max(total, 1);
    p.progress.value = done;
    p.count.textContent = fill(texts.progress, { done, total });
    p.place.textContent = place < total ? fill(texts.place, { number: place + 1, total }) : "";
    const last = { absent: texts.absent_status, unreadable: texts.unreadable_status }[decided] ?? texts[decided] ?? "";
    p.status.textContent = [last, p.count.textContent].filter(Boolean).join(". ");
    p.fault.textContent = "";
    for (const key of p.ofItem) key.disabled = place >= total;
    p.previous.disabled = place === 0;
  }

  showItem(item, buffers) {
    const { texts, parts: p } = this;
    this.item = item;
    this.showTop(item);
    p.task.hidden = false;
    p.field.textContent = item.field;
    p.key.textContent = item.key;
    picture(p.crop, buffers[0], fill(texts.crop_alt, item));
    p.noplace.hidden = buffers.length > 0 || item.fault !== null;
    p.read.textContent = item.text ?? texts.nothing;
    p.score.textContent = item.score ?? texts.no_score;
    p.chance.hidden = p.chanceName.hidden = item.chance === null;
    p.chance.textContent = item.chance === null ? "" : `${(100 * item.chance).toFixed(0)} %`;
    p.reasons.hidden = p.reasonsName.hidden = item.reasons.length === 0;
    p.reasons.replaceChildren(make("ul", {}, ...item.reasons.map((reason) => make("li", {}, reason))));
    p.input.value = item.verdict === null ? item.text ?? "" : item.typed;
    if (item.verdict !== null && !item.decided) {
      p.status.textContent = texts[`${item.verdict}_status`] ?? texts[item.verdict];
    }
    if (item.fault !== null) this.showError(item.fault);
    picture(p.whole, null);
    this.placed = buffers.length > 0;
    if (this.open || (!this.placed && item.fault === null)) this.ask({ kind: "card", number: item.number });
    if (this.acted && !this.choosing()) p.input.focus({ preventScroll: true });
  }

  showCard({ number }, buffers) {
    if ((this.open || !this.placed) && this.item?.number === number) {
      const alt = this.placed ? this.texts.card_alt : this.texts.card_alone_alt;
      picture(this.parts.whole, buffers[0], fill(alt, this.item));
    }
  }

  showEnd(message) {
    const { texts, parts: p } = this;
    this.item = null;
    this.showTop(message);
    p.task.hidden = true;
    picture(p.crop, null);
    picture(p.whole, null);
    p.input.value = "";
    p.status.textContent = fill(message.others ? texts.end_of_field : texts.end, message);
    if (this.acted && !this.choosing()) p.previous.focus({ preventScroll: true });
  }

  showError(message) {
    clearTimeout(this.timer);
    this.parts.fault.textContent = message;
  }

  remove() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.hear);
    this.webfont.remove();
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
