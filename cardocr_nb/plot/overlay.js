// Photos of cards with their fields. Everything of a card comes in messages; the model's state has only the widget's own texts.

const SVG = "http://www.w3.org/2000/svg";
const WAIT = 15000; // milliseconds until the kernel counts as gone; the first message may wait for the checks of a whole run
const LARGEST_ZOOM = 12;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function draw(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function layout(texts) {
  const button = (name, label) => make("button", { type: "button", "aria-label": texts[name], title: texts[name] }, label);
  const p = {
    previous: button("previous", "←"),
    slider: make("input", { type: "range", min: 0, max: 0, value: 0 }),
    next: button("next", "→"),
    count: make("span"),
    field: make("select", {}, make("option", { value: "" }, texts.any)),
    below: make("input", { type: "number", min: 0, max: 100 }),
    failed: make("input", { type: "checkbox" }),
    order: make("select", {}, make("option", { value: "" }, texts.as_table), make("option", { value: "1" }, texts.lowest)),
    zoomIn: button("zoom_in", "+"),
    zoomOut: button("zoom_out", "−"),
    fit: button("fit", "0"),
    key: make("p", { class: "key" }),
    picture: draw("svg", { role: "group", preserveAspectRatio: "xMidYMid meet" }),
    details: make("p", { class: "details", role: "status", "aria-live": "polite" }),
    fault: make("p", { class: "fault", role: "alert" }),
  };
  p.picture.setAttribute("aria-label", texts.title);
  const named = (name, control) => make("label", {}, `${texts[name]} `, control);
  p.filters = make("div", { class: "bar" }, named("field", p.field), named("below", p.below), named("failed", p.failed),
    named("order", p.order));
  p.root = make("section", {
    // JupyterLab's own shortcuts, such as D D to delete a cell, must not fire from here.
    class: "cardocr-overlay", role: "group", "aria-label": texts.title, "data-lm-suppress-shortcuts": "true",
    tabindex: -1,
  }, make("div", { class: "bar" }, p.previous, p.slider, p.next, p.count, p.zoomIn, p.zoomOut, p.fit), p.filters, p.key,
  p.picture, p.details, p.fault, make("p", { class: "hint" }, texts.hint));
  return p;
}

class Overlay {
  constructor(model, el) {
    this.model = model;
    this.texts = model.get("_texts");
    this.parts = layout(this.texts);
    this.card = { number: 0, total: 0 };
    this.view = { x: 0, y: 0, width: 1, height: 1 };
    this.busy = false; // whether an answer is awaited; of the requests made meanwhile the last one is sent
    this.waiting = null;
    this.hear = (message, buffers) => this.receive(message, buffers);
    model.on("msg:custom", this.hear);
    this.listen();
    el.append(this.parts.root);
    this.request({ kind: "open" });
  }

  request(message) {
    if (this.busy) {
      this.waiting = message;
      return;
    }
    this.busy = true;
    this.timer = setTimeout(() => this.showError(this.texts.lost), WAIT);
    this.model.send(message);
  }

  receive(message, buffers) {
    clearTimeout(this.timer);
    this.busy = false;
    if (message.kind === "fault") this.showError(message.message);
    else this.show(message, buffers);
    if (this.waiting) {
      const next = this.waiting;
      this.waiting = null;
      this.request(next);
    }
  }

  show(card, [buffer]) {
    const { texts, parts: p } = this;
    this.card = card;
    p.slider.max = Math.max(card.total - 1, 0);
    p.slider.value = card.number;
    const place = card.total ? fill(texts.slider, { number: card.number + 1, total: card.total }) : texts.none;
    p.count.textContent = place;
    p.slider.setAttribute("aria-label", place);
    p.previous.disabled = card.number === 0;
    p.next.disabled = card.number >= card.total - 1;
    p.key.textContent = card.key;
    p.fault.textContent = card.fault ?? "";
    p.details.textContent = "";
    if (p.field.length === 1) {
      for (const [value, name] of Object.entries(card.names)) p.field.append(make("option", { value }, name));
    }
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = buffer ? URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" })) : null;
    const focused = p.picture.contains(document.activeElement); // its field goes: the keys must still reach the widget
    p.picture.replaceChildren();
    if (focused) p.root.focus({ preventScroll: true });
    if (this.url) {
      p.picture.append(draw("image", {
        href: this.url, width: card.width, height: card.height, role: "img", "aria-label": fill(texts.alt, card),
      }));
    }
    for (const field of card.fields) if (field.points) p.picture.append(this.drawField(field));
    this.fit();
  }

  drawField(field) {
    const points = field.points.map((point) => point.join()).join(" ");
    const group = draw("g");
    const target = draw("polygon", { class: "target", points, tabindex: 0, role: "button", "aria-label": this.describe(field) });
    group.append(draw("polygon", { class: "halo", points }), target, draw("polygon", { class: "edge", points, stroke: field.color }));
    const enter = () => {
      for (const other of this.parts.picture.querySelectorAll(".active")) other.classList.remove("active");
      group.classList.add("active");
      this.showDetails(field);
    };
    target.addEventListener("pointerenter", enter);
    target.addEventListener("focus", enter);
    target.addEventListener("click", () => this.select(field, group));
    target.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.select(field, group);
      }
    });
    return group;
  }

  describe(field) {
    const { texts } = this;
    const score = field.score === null ? texts.no_score : fill(texts.score, field);
    const checks = field.checks.length ? [fill(texts.checks, { checks: field.checks.join(", ") })] : [];
    return [`${field.name}: ${field.text ?? texts.no_text}`, score, ...checks].join("; ");
  }

  showDetails(field) {
    const { texts } = this;
    const score = field.score === null ? texts.no_score : fill(texts.score, field);
    const checks = field.checks.length ? make("span", {}, ` · ${fill(texts.checks, { checks: field.checks.join(", ") })}`) : "";
    this.parts.details.replaceChildren(
      make("b", {}, field.name), " ", make("span", { class: "text", lang: "zh" }, field.text ?? texts.no_text), ` · ${score}`, checks,
    );
  }

  select(field, group) {
    for (const other of this.parts.picture.querySelectorAll(".chosen")) other.classList.remove("chosen");
    group.classList.add("chosen");
    this.model.send({ kind: "select", row: field.row });
    this.showDetails(field);
    this.parts.details.append(` · ${fill(this.texts.selected, { field: field.name })}`);
  }

  move(step) {
    const number = Math.min(Math.max(this.card.number + step, 0), this.card.total - 1);
    if (number >= 0 && number !== this.card.number) this.request({ kind: "show", number });
  }

  filter() {
    const { field, below, failed, order } = this.parts;
    this.request({
      kind: "filter", field: field.value, below: below.value === "" ? null : Number(below.value), failed: failed.checked,
      lowest_first: order.value === "1",
    });
  }

  fit() {
    this.view = { x: 0, y: 0, width: this.card.width || 1, height: this.card.height || 1 };
    this.applyView();
  }

  applyView() {
    const { x, y, width, height } = this.view;
    this.parts.picture.setAttribute("viewBox", [x, y, width, height].join(" "));
  }

  // Zoom by a factor around a point of the picture, by default its visible center.
  zoom(factor, center = null) {
    const { view, card } = this;
    const at = center ?? { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    const width = Math.min(Math.max(view.width / factor, (card.width || 1) / LARGEST_ZOOM), card.width || 1);
    const scale = width / view.width;
    view.x = at.x - (at.x - view.x) * scale;
    view.y = at.y - (at.y - view.y) * scale;
    view.width = width;
    view.height *= scale;
    this.pan(0, 0);
  }

  pan(dx, dy) {
    const { view, card } = this;
    view.x = Math.min(Math.max(view.x + dx, 0), Math.max((card.width || 1) - view.width, 0));
    view.y = Math.min(Math.max(view.y + dy, 0), Math.max((card.height || 1) - view.height, 0));
    this.applyView();
  }

  pointOf(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(this.parts.picture.getScreenCTM().inverse());
  }

  listen() {
    const p = this.parts;
    p.previous.addEventListener("click", () => this.move(-1));
    p.next.addEventListener("click", () => this.move(1));
    p.slider.addEventListener("input", () => this.request({ kind: "show", number: Number(p.slider.value) }));
    for (const control of [p.field, p.below, p.failed, p.order]) control.addEventListener("change", () => this.filter());
    p.zoomIn.addEventListener("click", () => this.zoom(1.5));
    p.zoomOut.addEventListener("click", () => this.zoom(1 / 1.5));
    p.fit.addEventListener("click", () => this.fit());
    p.picture.addEventListener("wheel", (event) => {
      const { width } = this.view;
      this.zoom(event.deltaY < 0 ? 1.25 : 1 / 1.25, this.pointOf(event));
      if (this.view.width !== width) event.preventDefault(); // at the end of the zoom the page scrolls
    }, { passive: false });
    p.picture.addEventListener("pointerdown", (event) => {
      if (event.target.classList.contains("target")) return;
      p.picture.setPointerCapture(event.pointerId);
      p.picture.classList.add("moving");
      this.grip = this.pointOf(event);
    });
    p.picture.addEventListener("pointermove", (event) => {
      if (!this.grip) return;
      const here = this.pointOf(event);
      this.pan(this.grip.x - here.x, this.grip.y - here.y);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      p.picture.addEventListener(end, () => {
        this.grip = null;
        p.picture.classList.remove("moving");
      });
    }
    p.root.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    event.stopPropagation();
    if (["INPUT", "SELECT"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = this.view.width / 10;
    const actions = event.shiftKey
      ? { ArrowLeft: () => this.pan(-step, 0), ArrowRight: () => this.pan(step, 0), ArrowUp: () => this.pan(0, -step), ArrowDown: () => this.pan(0, step), "+": () => this.zoom(1.5) }
      : { ArrowLeft: () => this.move(-1), ArrowRight: () => this.move(1), "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), 0: () => this.fit() };
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  }

  showError(message) {
    clearTimeout(this.timer);
    this.busy = false;
    this.parts.fault.textContent = message;
  }

  remove() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.hear);
    if (this.url) URL.revokeObjectURL(this.url);
  }
}

export default {
  render({ model, el }) {
    const overlay = new Overlay(model, el);
    return () => overlay.remove();
  },
};
