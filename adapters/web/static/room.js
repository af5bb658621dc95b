// One chat: its messages in order, the draft at its end, and where the reader is in it.

import { element, link } from "./dom.js";

const NEAR = 48; // pixels from the end at which a reader still follows
const HANDOVER = 700; // milliseconds a draft that ended stays for the message that replaces it

export class RoomView {
  constructor(room, pane) {
    this.room = room;
    this.pane = pane;
    this.messages = new Map();
    this.items = new Map();
    this.draft = null;
    this.follows = true;
    this.list = element("ol", { class: "messages" });
    this.empty = element("p", { class: "empty" }, pane.words.empty);
    const label = `${pane.label}, ${pane.roomName(room)}: ${pane.words.messages}`;
    const around = { class: "scroll", role: "log", "aria-live": "polite", "aria-label": label, tabindex: "0", hidden: true };
    this.scroller = element("div", around, this.empty, this.list);
    this.scroller.classList.toggle("private", room.private);
    this.scroller.addEventListener("scroll", () => this.look(), { passive: true });
    new ResizeObserver(() => this.settle()).observe(this.scroller);
  }

  show(shown) {
    this.scroller.hidden = !shown;
    if (shown) this.settle();
  }

  // The reader scrolled, or we did.
  look() {
    const left = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    if (this.scroller.hidden || !this.scroller.clientHeight) return;
    this.follows = left < NEAR;
    this.pane.followed();
  }

  settle() {
    this.empty.hidden = this.list.childElementCount > 0;
    if (this.follows) this.scroller.scrollTop = this.scroller.scrollHeight;
    this.pane.followed();
  }

  toEnd() {
    this.follows = true;
    this.settle();
  }

  clear() {
    this.messages.clear();
    this.items.clear();
    this.draft = null;
    this.list.replaceChildren();
  }

  put(message) {
    this.messages.set(message.id, message);
    if (message.only_for && message.only_for !== this.pane.speaker) return;
    this.paint(message);
    this.settle();
  }

  remove(id) {
    this.messages.delete(id);
    this.items.get(id)?.remove();
    this.items.delete(id);
    this.settle();
  }

  // Everything once more, through the eyes of another person.
  repaint() {
    const open = this.draft?.event;
    this.items.clear();
    this.list.replaceChildren();
    this.draft = null;
    for (const message of this.messages.values()) {
      if (!message.only_for || message.only_for === this.pane.speaker) this.paint(message);
    }
    if (open) this.preview(open);
    this.toEnd();
  }

  paint(message) {
    const known = this.items.get(message.id);
    const item = known ?? this.inherit(message) ?? this.place(message);
    this.items.set(message.id, item);
    this.dress(item, message);
  }

  // A message of the bot takes the place of its draft: nothing on the screen jumps.
  inherit(message) {
    if (message.author !== "bot" || message.thread || !this.draft) return null;
    const item = this.draft.item;
    clearTimeout(this.draft.timer);
    this.draft = null;
    return item;
  }

  place(message) {
    const item = element("li");
    const root = message.thread && message.thread !== message.id ? this.items.get(message.thread) : null;
    if (root) this.replies(root).append(item);
    else this.list.insertBefore(item, this.draft?.item ?? null);
    return item;
  }

  replies(root) {
    let replies = root.querySelector(":scope > .replies");
    if (!replies) root.append((replies = element("ol", { class: "replies" })));
    return replies;
  }

  dress(item, message) {
    item.className = `message ${message.author === this.pane.speaker ? "mine" : "theirs"}${message.author === "bot" ? " bot" : ""}`;
    item.dataset.id = message.id;
    item.dataset.state = message.streaming ? "growing" : "final";
    item.setAttribute("aria-busy", message.streaming ? "true" : "false");
    this.fill(item, JSON.stringify({ ...message, body: null }), message.body, () => this.frame(message));
  }

  // While only the text grows, only the text is replaced: a button keeps its focus and its click.
  fill(item, shape, body, frame) {
    if (item.shape !== shape) {
      const replies = item.querySelector(":scope > .replies");
      item.replaceChildren(...[...frame(), replies].filter(Boolean));
      item.shape = shape;
    }
    item.querySelector(".body").replaceChildren(...body.map((part) => this.pane.render(part)));
  }

  frame(message) {
    const { words, people } = this.pane;
    const bot = message.author === "bot";
    const name = bot ? "Parley" : (people.get(message.author)?.name ?? "");
    const badge = bot ? element("span", { class: "badge" }, this.pane.threads ? words.app : words.bot) : null;
    const stopper = message.streaming ? this.stopper(message.id) : null;
    const parts = [
      element("p", { class: "meta" }, element("b", {}, name), badge, clock(message.at), note(message, words), stopper),
      this.quote(message),
      ...message.files.map((file) => this.file(file)),
      element("div", { class: "body" }),
      element("p", { class: "foot" }, message.edited ? `${words.edited} ` : "", clock(message.at)),
      this.buttons(message),
    ];
    return [avatar(name, bot), element("div", { class: "bubble" }, ...parts.filter(Boolean))];
  }

  quote(message) {
    const quoted = message.reply_to && this.messages.get(message.reply_to);
    if (!quoted) return null;
    const name = quoted.author === "bot" ? "Parley" : this.pane.people.get(quoted.author)?.name;
    return element("p", { class: "quoted" }, element("b", {}, name ?? ""), ` ${quoted.body[0]?.text.slice(0, 80) ?? ""}`);
  }

  // Pictures are looked at, whatever else is saved: it may hold anything.
  file({ id, name, size, picture }) {
    const address = `/files/${this.pane.name}/${encodeURIComponent(id)}`;
    if (!picture) return element("a", { class: "file", href: address, download: name }, `↓ ${name} `, element("small", {}, weight(size)));
    return element("img", { class: "picture", src: address, alt: name, on: { load: () => this.settle() } });
  }

  buttons(message) {
    const rows = message.buttons.map((row) => element("div", {}, ...row.map((one) => this.button(message, one))));
    const root = this.pane.threads && !this.room.private && !message.only_for && !message.thread;
    if (root) rows.push(element("div", {}, this.answer(message)));
    return rows.length ? element("div", { class: "buttons" }, ...rows) : null;
  }

  button(message, one) {
    if (one.url) return link(one.url, one.label);
    const press = () => this.pane.act({ ...one, do: "click", room: this.room.id, message: message.id });
    return element("button", { type: "button", on: { click: press } }, one.label);
  }

  stopper(id) {
    const press = () => this.pane.act({ do: "stop", room: this.room.id, message: id });
    return element("button", { type: "button", class: "stopper", on: { click: press } }, this.pane.words.stop);
  }

  answer(message) {
    const press = () => this.pane.aim(message.id);
    return element("button", { type: "button", class: "answer", on: { click: press } }, this.pane.words.reply);
  }

  preview(event) {
    if (event.body === null) return this.endDraft();
    if (!this.draft) this.list.append(this.begun());
    clearTimeout(this.draft.timer);
    this.draft.event = event;
    this.draft.item.dataset.state = "draft";
    this.draft.item.setAttribute("aria-busy", "true");
    const empty = event.body.every((part) => !part.text);
    const shape = `draft ${event.draft} ${empty} ${event.stoppable}`;
    this.fill(this.draft.item, shape, empty ? [] : event.body, () => this.draftFrame(event, empty));
    this.settle();
  }

  draftFrame(event, empty) {
    const thinking = empty ? element("p", { class: "dots" }, this.pane.words.thinking) : null;
    const stopper = event.stoppable && !empty ? this.stopper(event.draft) : null;
    const parts = [thinking, element("div", { class: "body" }), element("p", { class: "foot" }, stopper, " …")];
    return [avatar("Parley", true), element("div", { class: "bubble" }, ...parts.filter(Boolean))];
  }

  begun() {
    const item = element("li", { class: "message theirs bot draft" });
    this.draft = { item, event: null, timer: 0 };
    return item;
  }

  endDraft() {
    const ended = this.draft;
    if (!ended) return;
    ended.event = null;
    ended.timer = setTimeout(() => {
      if (this.draft !== ended) return;
      this.draft = null;
      ended.item.remove();
      this.settle();
    }, HANDOVER);
  }
}

function note(message, words) {
  if (message.only_for) return element("span", { class: "note" }, words.only_you);
  return message.edited ? element("span", { class: "note" }, words.edited) : null;
}

function weight(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(bytes < 10000 ? 1 : 0)} kB`;
}

function clock(seconds) {
  const at = new Date(seconds * 1000);
  const shown = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return element("time", { datetime: at.toISOString() }, shown);
}

export function avatar(name, bot) {
  return element("span", { class: `avatar${bot ? " robot" : ""}`, "data-name": name, "aria-hidden": "true" }, name.slice(0, 1));
}
