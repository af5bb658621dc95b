// The page: two panes over one WebSocket that finds its way back by itself.

import { element, speak } from "./dom.js";
import { marked } from "./entities.js";
import { markdown, mrkdwn } from "./markdown.js";
import { Pane } from "./pane.js";

const facts = JSON.parse(document.getElementById("facts").textContent);
const { words, questions } = facts;
const asked = (mention) => Object.values(questions).map((one) => ({ label: one.label, says: mention + one.says }));
const typed = (...commands) => commands.map((command) => ({ label: command, says: command }));

const TELEGRAM = {
  name: "telegram",
  label: "Telegram",
  threads: false,
  rule: words.group_rule,
  render: (part) => marked(part.text, part.entities ?? []),
  heading: (room, pane) => pane.roomName(room),
  subtitle: (room) => (room.private ? words.bot : words.everybody),
  group: (buttons) => buttons,
  chips(room, person) {
    if (!room.private) return [...asked("@parley_bot "), ...typed("/usage", "/stop")];
    const admin = typed("/quota set @ada messages 3", "/quota show @ada", "/quota reset @ada");
    return person.admin ? [...admin, ...asked("").slice(0, 1), ...typed("/usage")] : [...asked(""), ...typed("/usage", "/usage picture", "/stop")];
  },
};

const SLACK = {
  name: "slack",
  label: "Slack",
  threads: true,
  rule: words.channel_rule,
  render(part) {
    const name = (id) => (id === "UBOT" ? "Parley" : (this.people.get(id)?.name ?? id));
    return part.format === "markdown" ? markdown(part.text, name) : mrkdwn(part.text, name);
  },
  heading: (room, pane) => pane.roomName(room),
  subtitle: (room) => (room.private ? words.app : words.everybody),
  group(buttons) {
    const heading = (text) => element("p", {}, text);
    const [apps, channels] = [true, false].map((app) => buttons.filter((one) => ("private" in one.dataset) === app));
    return [heading(words.channels), ...channels, heading(words.apps), ...apps];
  },
  chips(room, person) {
    const admin = typed("/parley quota set @ada messages 3", "/parley quota show @ada", "/parley quota reset @ada");
    if (!room.private) return [...asked("@parley "), ...typed("/parley usage")];
    const usage = typed("/parley usage");
    return person.admin ? [...admin, ...asked("").slice(0, 1), ...usage] : [...asked(""), ...usage, ...typed("/parley usage picture", "/parley stop")];
  },
  // What Slack's own client says without asking anybody.
  objection(text, pane) {
    if (!text.startsWith("/")) return null;
    if (pane.thread) return words.no_command_in_thread;
    return /^\/parley(\s|$)/.test(text) ? null : words.unknown_command;
  },
};

let socket = null;

function send(action) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(action));
  return true;
}

const panes = new Map([TELEGRAM, SLACK].map((skin) => [skin.name, new Pane(skin, facts, send)]));

function connect(pause = 250) {
  socket = new WebSocket(`ws://${location.host}/live`);
  socket.addEventListener("open", () => linked(true));
  socket.addEventListener("message", ({ data }) => {
    pause = 250;
    const event = JSON.parse(data);
    panes.get(event.stage)?.apply(event);
  });
  socket.addEventListener("close", () => {
    linked(false);
    setTimeout(() => connect(Math.min(pause * 2, 5000)), pause);
  });
}

function linked(up) {
  const pill = document.querySelector(".link");
  pill.textContent = up ? words.connected : words.reconnecting;
  pill.classList.toggle("down", !up);
  if (up) for (const pane of panes.values()) pane.complain("");
}

// On a narrow screen one pane is shown at a time.
function show(name) {
  document.querySelector("main").dataset.shown = name;
  for (const tab of document.querySelectorAll(".tabs button")) {
    const chosen = tab.dataset.pane === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) tab.classList.remove("news");
  }
  panes.get(name).view?.settle();
}

function tab(pane) {
  const options = { type: "button", role: "tab", "data-pane": pane.name, "aria-controls": pane.root.id };
  const made = element("button", { ...options, on: { click: () => show(pane.name) } }, pane.label);
  made.addEventListener("keydown", ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const other = [...panes.keys()].find((name) => name !== pane.name);
    show(other);
    document.querySelector(`.tabs [data-pane=${other}]`).focus();
  });
  pane.onNews = () => made.classList.toggle("news", made.getAttribute("aria-selected") !== "true");
  return made;
}

function explain() {
  const said = ["about_real", "about_emulated", facts.scripted ? "about_scripted" : "about_model", "about_end"];
  document.querySelector(".sheet").append(...said.map((name) => element("p", {}, words[name])));
  document.querySelector(".model").textContent = facts.scripted ? words.scripted : facts.model;
  const about = document.querySelector(".about");
  document.addEventListener("click", ({ target }) => about.contains(target) || about.removeAttribute("open"));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && about.removeAttribute("open"));
}

speak(document, words);
explain();
const tabs = document.querySelector(".tabs");
tabs.setAttribute("aria-label", words.platforms);
for (const pane of panes.values()) {
  tabs.append(tab(pane));
  document.querySelector("main").append(pane.root);
}
show("telegram");
connect();
// On a telephone the keyboard would cover half of what there is to see.
if (matchMedia("(min-width: 861px)").matches) panes.get("telegram").box.focus();
