// One platform: who speaks, where, what is said there, and what the person types.

import { avatar, RoomView } from "./room.js";
import { element, speak } from "./dom.js";

const MENTION = "@parley ";
const TYPING = 5000; // milliseconds a chat action lasts on Telegram

export class Pane {
  constructor(skin, facts, send) {
    Object.assign(this, skin);
    this.facts = facts;
    this.words = facts.words;
    this.send = send;
    this.people = new Map();
    this.rooms = new Map();
    this.speaker = null;
    this.room = null;
    this.thread = null;
    this.unread = new Set();
    this.statuses = new Map();
    this.root = document.getElementById("pane").content.firstElementChild.cloneNode(true);
    this.root.id = `pane-${this.name}`;
    this.root.classList.add(this.name);
    this.root.setAttribute("aria-label", this.label);
    speak(this.root, this.words);
    this.find = (selector) => this.root.querySelector(selector);
    this.wire();
  }

  wire() {
    const { words } = this;
    this.box = this.find("textarea");
    this.find(".rooms").setAttribute("aria-label", `${this.label}: ${words.rooms}`);
    this.find(".chips").setAttribute("aria-label", `${this.label}: ${words.suggestions}`);
    this.box.setAttribute("aria-label", `${this.label}: ${words.compose}`);
    this.box.title = words.keys;
    this.box.addEventListener("input", () => this.fit());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.find("form").addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    this.find(".latest").addEventListener("click", () => this.view.toEnd());
    this.find(".target button").addEventListener("click", () => this.aim(null));
  }

  get view() {
    return this.rooms.get(this.room);
  }

  // Events ------------------------------------------------------------------------------------------------------

  apply(event) {
    this[`on_${event.kind}`]?.(event);
  }

  on_scene(scene) {
    this.people = new Map(scene.people.map((person) => [person.id, person]));
    if (!this.rooms.size) this.furnish(scene);
    for (const view of this.rooms.values()) view.clear();
    this.statuses.clear();
    for (const event of scene.events) this.apply(event);
    this.unread.clear();
    this.look();
    for (const view of this.rooms.values()) view.toEnd();
  }

  furnish(scene) {
    for (const room of scene.rooms) {
      const view = new RoomView(room, this);
      this.rooms.set(room.id, view);
      this.find(".scrolls").append(view.scroller);
    }
    this.speaker = scene.people[0].id;
    this.room = this.theirs().find((view) => view.room.private).room.id;
    this.offerSpeakers();
  }

  on_message({ room, message }) {
    this.rooms.get(room).put(message);
    if (message.author !== "bot") return;
    this.statuses.delete(`${room} ${message.thread ?? ""}`);
    this.notice(room, message.only_for);
  }

  on_delete({ room, id }) {
    this.rooms.get(room).remove(id);
  }

  on_draft(event) {
    this.rooms.get(event.room).preview(event);
    if (event.body) this.statuses.delete(`${event.room} `);
    this.tell();
  }

  on_status({ room, thread, text }) {
    const key = `${room} ${thread ?? ""}`;
    if (text === null) this.statuses.delete(key);
    else this.statuses.set(key, { room, text: text ? `Parley ${text}` : this.words.writing, until: text ? Infinity : Date.now() + TYPING });
    if (text === "") setTimeout(() => this.tell(), TYPING + 50);
    this.tell();
  }

  on_problem() {
    this.complain(this.words.refused);
  }

  notice(room, only) {
    const seen = room === this.room && (!only || only === this.speaker);
    if (!seen) this.unread.add(room);
    this.mark();
    this.tell();
    this.onNews?.(this);
  }

  // What is shown ----------------------------------------------------------------------------------------------

  theirs() {
    return [...this.rooms.values()].filter((view) => view.room.members.includes(this.speaker));
  }

  roomName(room) {
    return room.private ? "Parley" : this.threads ? `# ${room.name}` : room.name;
  }

  offerSpeakers() {
    const choices = [...this.people.values()].map((person) => this.choice(person));
    this.find(".speaker").append(...choices);
  }

  choice(person) {
    const { words } = this;
    const input = element("input", { type: "radio", name: `speaker-${this.name}`, value: person.id });
    input.checked = person.id === this.speaker;
    input.addEventListener("change", () => this.become(person.id));
    const role = element("small", { class: person.admin ? "admin" : null }, person.admin ? words.admin : words.member);
    return element("label", { "data-person": person.id }, input, avatar(person.name), element("span", {}, person.name, " ", role));
  }

  become(id) {
    const wasPrivate = this.view.room.private;
    this.speaker = id;
    const rooms = this.theirs();
    if (wasPrivate || !rooms.includes(this.view)) this.room = rooms.find((view) => view.room.private).room.id;
    for (const view of this.rooms.values()) view.repaint();
    this.enter(this.room);
  }

  enter(room) {
    this.room = room;
    this.unread.delete(room);
    this.aim(null);
    this.complain("");
    this.look();
    this.view.toEnd();
  }

  look() {
    const { room } = this.view;
    for (const [id, view] of this.rooms) view.show(id === this.room);
    this.unread.delete(this.room);
    this.find("h2").textContent = this.heading(room, this);
    this.find(".bar > .avatar").textContent = this.roomName(room).replace("# ", "").slice(0, 1);
    this.find(".bar > .avatar").classList.toggle("robot", room.private);
    const buttons = this.theirs().map((view) => this.door(view.room));
    this.find(".rooms").replaceChildren(...this.group(buttons, this));
    this.box.placeholder = room.private ? this.words[`compose_${this.name}`] : this.rule;
    this.offer();
    this.mark();
    this.tell();
  }

  door(room) {
    const here = room.id === this.room;
    const options = { type: "button", "data-room": room.id, "data-private": room.private, "aria-current": here ? "true" : null };
    return element("button", { ...options, on: { click: () => this.enter(room.id) } }, this.roomName(room));
  }

  // Dots for what was not seen, in the rooms and on the people who would see it.
  mark() {
    for (const door of this.root.querySelectorAll(".rooms button")) this.dot(door, this.unread.has(door.dataset.room));
    for (const choice of this.root.querySelectorAll(".speaker label")) {
      const waiting = [...this.unread].some((id) => this.rooms.get(id).room.private && this.rooms.get(id).room.members.includes(choice.dataset.person));
      this.dot(choice, waiting);
    }
  }

  dot(place, shown) {
    place.querySelector(":scope > .dot")?.remove();
    if (shown) place.append(element("span", { class: "dot" }, element("span", { class: "unseen" }, ` (${this.words.unread})`)));
  }

  tell() {
    const here = [...this.statuses.values()].find((status) => status.room === this.room && status.until > Date.now());
    const drafting = this.view?.draft?.event;
    const doing = here?.text ?? (drafting ? this.words.writing : "");
    this.find(".activity").textContent = doing;
    this.find(".sub").textContent = doing && this.name === "telegram" ? doing : this.subtitle(this.view.room, this);
    this.find(".sub").classList.toggle("busy", Boolean(doing));
  }

  followed() {
    this.find(".latest").hidden = !this.view || this.view.follows;
  }

  offer() {
    const chips = this.chips(this.view.room, this.people.get(this.speaker), this).map(({ label, says }) =>
      element("button", { type: "button", on: { click: () => this.say(says) } }, label),
    );
    this.find(".chips").replaceChildren(...chips);
  }

  complain(text) {
    this.find(".problem").textContent = text;
  }

  // What the person does ---------------------------------------------------------------------------------------

  key(event) {
    // An Enter that ends the choice of a Chinese or Japanese word is not one that sends.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  submit() {
    const text = this.box.value.trim();
    if (text && this.say(text)) {
      this.box.value = "";
      this.fit();
    }
  }

  say(text) {
    const wrong = this.objection?.(text, this);
    this.complain(wrong ?? "");
    if (wrong) return false;
    this.view.toEnd();
    return this.act({ do: "say", room: this.room, text, thread: this.thread });
  }

  act(action) {
    const sent = this.send({ ...action, stage: this.name, as: this.speaker });
    if (!sent) this.complain(this.words.offline);
    return sent;
  }

  aim(thread) {
    this.thread = thread;
    this.find(".target").hidden = thread === null;
    if (thread === null && this.box.value === MENTION) this.box.value = "";
    if (thread === null) return;
    if (!this.box.value) this.box.value = MENTION;
    this.box.focus();
  }

  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight + 2, 140)}px`;
  }
}
