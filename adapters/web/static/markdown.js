// A small Markdown renderer for what Slack renders itself. Made for growing text: whatever is open at the end
// (a fence, a list, a table) is shown as far as it goes. It builds elements, never HTML.

import { element, link } from "./dom.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}(?:>|&gt;) ?/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const DEEPEST = 8;

export function markdown(text, name) {
  return blocks(text.split("\n"), { spans: MARKDOWN, name }, 0);
}

// Slack's older dialect, which people's own messages are stored in.
export function mrkdwn(text, name) {
  const fragment = document.createDocumentFragment();
  for (const part of text.split(/(```[^]*?```)/)) {
    if (part.startsWith("```") && part.length > 6) fragment.append(preformatted(part.slice(3, -3).replace(/^\n/, "")));
    else if (part) fragment.append(...quoted(part.split("\n"), { spans: MRKDWN, name }));
  }
  return fragment;
}

function* quoted(lines, style) {
  while (lines.length) {
    const quote = QUOTE.test(lines[0]);
    const taken = takeWhile(lines, (line) => QUOTE.test(line) === quote);
    const shown = taken.map((line) => (quote ? line.replace(QUOTE, "") : line)).join("\n");
    yield element(quote ? "blockquote" : "p", {}, inline(shown, style));
  }
}

function blocks(lines, style, depth) {
  const fragment = document.createDocumentFragment();
  while (lines.length) {
    const made = block(lines, style, depth);
    if (made) fragment.append(made);
  }
  return fragment;
}

function block(lines, style, depth) {
  const line = lines[0];
  if (!line.trim()) return void lines.shift();
  if (FENCE.test(line)) return fenced(lines);
  if (HEADING.test(line)) return heading(lines.shift(), style);
  if (RULE.test(line)) return lines.shift() && element("hr");
  if (QUOTE.test(line) && depth < DEEPEST) return quotation(lines, style, depth);
  if (ITEM.test(line) && depth < DEEPEST) return list(lines, style, depth);
  if (line.includes("|") && DIVIDER.test(lines[1] ?? "")) return table(lines, style);
  return paragraph(lines, style);
}

function takeWhile(lines, keep) {
  let count = 0;
  while (count < lines.length && keep(lines[count])) count += 1;
  return lines.splice(0, count);
}

function fenced(lines) {
  const [, marks, language] = FENCE.exec(lines.shift());
  const code = takeWhile(lines, (line) => !(line.trim().startsWith(marks) && !line.trim().replaceAll(marks[0], "")));
  lines.shift();
  return preformatted(code.join("\n"), language);
}

function preformatted(code, language) {
  return element("pre", { "data-language": language || null, tabindex: "0" }, element("code", {}, plain(code)));
}

function heading(line, style) {
  const [, marks, title] = HEADING.exec(line);
  // Below the page's own headings.
  return element(`h${Math.min(marks.length + 2, 6)}`, {}, inline(title, style));
}

function quotation(lines, style, depth) {
  const taken = takeWhile(lines, (line) => QUOTE.test(line)).map((line) => line.replace(QUOTE, ""));
  return element("blockquote", {}, blocks(taken, style, depth + 1));
}

function list(lines, style, depth) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const ordered = /\d/.test(mark);
  const made = element(ordered ? "ol" : "ul", { start: ordered ? parseInt(mark, 10) : null });
  while (lines.length) {
    const found = ITEM.exec(lines[0]);
    if (!found || found[1].length < indent.length || /\d/.test(found[2]) !== ordered) break;
    lines.shift();
    const deeper = takeWhile(lines, (line) => line.trim() && line.search(/\S/) > indent.length);
    made.append(element("li", {}, inline(found[3], style), blocks(outdented(deeper), style, depth + 1)));
    if (lines.length > 1 && !lines[0].trim() && ITEM.test(lines[1])) lines.shift();
  }
  return made;
}

function outdented(lines) {
  const least = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(least));
}

function table(lines, style) {
  const head = cells(lines.shift());
  const sides = cells(lines.shift()).map(side);
  const rows = takeWhile(lines, (line) => line.includes("|")).map(cells);
  const row = (name, texts) =>
    element("tr", {}, ...head.map((_, at) => element(name, { class: sides[at] }, inline(texts[at] ?? "", style))));
  const made = element("table", {}, element("thead", {}, row("th", head)));
  made.append(element("tbody", {}, ...rows.map((texts) => row("td", texts))));
  return element("div", { class: "table", tabindex: "0" }, made);
}

function cells(line) {
  return line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").map((cell) => cell.trim());
}

function side(divider) {
  if (divider.endsWith(":")) return divider.startsWith(":") ? "middle" : "right";
  return null;
}

function paragraph(lines, style) {
  const first = lines.shift();
  const rest = takeWhile(lines, (line) => line.trim() && ![FENCE, HEADING, QUOTE, ITEM].some((one) => one.test(line)));
  return element("p", {}, inline([first, ...rest].join("\n"), style));
}

const CODE = [/(`+)([^]{1,2000}?)\1/y, (found) => element("code", {}, plain(found[2].trim() || found[2]))];
const CONTROL = [/<([@#!]|[a-z][a-z0-9+.-]*:)([^<>\n]*)>/iy, (found, style) => control(found[1] + found[2], style)];
const ADDRESS = [/https?:\/\/[^\s<>"'`|]*[^\s<>"'`|.,:;!?)\]}*_~]/y, (found) => link(found[0], found[0])];
const wrap = (name) => (found, style, depth) => element(name, {}, inline(found[1], style, depth + 1));

// Tried in this order at every place where one could begin.
const MARKDOWN = [
  [/\\([!-/:-@[-`{-~])/y, (found) => found[1]],
  CODE,
  [/!?\[([^[\]\n]{1,500})\]\(([^()\s]{1,2000})\)/y, (found, style, depth) => link(found[2], inline(found[1], style, depth + 1))],
  CONTROL,
  ADDRESS,
  [/\*\*(?=\S)([^\n]{1,1000}?\S|\S)\*\*/y, wrap("strong")],
  [/__(?=\S)([^\n]{1,1000}?\S|\S)__(?!\w)/y, wrap("strong")],
  [/~~(?=\S)([^\n]{1,1000}?)~~/y, wrap("s")],
  [/\*(?=[^\s*])([^\n]{0,1000}?[^\s*])\*(?!\*)/y, wrap("em")],
  [/(?<!\w)_(?=[^\s_])([^\n]{0,1000}?[^\s_])_(?!\w)/y, wrap("em")],
];
const MRKDWN = [
  CODE,
  CONTROL,
  [/(?<!\w)\*(?=\S)([^*\n]{0,1000}?\S)\*(?!\w)/y, wrap("strong")],
  [/(?<!\w)_(?=\S)([^_\n]{0,1000}?\S)_(?!\w)/y, wrap("em")],
  [/(?<!\w)~(?=\S)([^~\n]{0,1000}?\S)~(?!\w)/y, wrap("s")],
];
const BEGINS = /[\\`![<h*_~]/g;

function inline(text, style, depth = 0) {
  const fragment = document.createDocumentFragment();
  let shown = 0;
  BEGINS.lastIndex = 0;
  for (let at = next(text, 0); at >= 0; ) {
    const [made, end] = depth < DEEPEST ? span(text, at, style, depth) : [null, 0];
    if (made !== null) {
      fragment.append(plain(text.slice(shown, at)), made);
      shown = end;
    }
    at = next(text, made === null ? at + 1 : end);
  }
  fragment.append(plain(text.slice(shown)));
  return fragment;
}

function next(text, from) {
  BEGINS.lastIndex = from;
  return BEGINS.exec(text)?.index ?? -1;
}

function span(text, at, style, depth) {
  for (const [pattern, make] of style.spans) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return [make(found, style, depth), at + found[0].length];
  }
  return [null, at];
}

// `<@U1>`, `<#C1|name>`, `<!here>`, `<https://…|label>`.
function control(sequence, style) {
  const [target, label] = sequence.split("|", 2);
  if (target.startsWith("@")) return element("span", { class: "mention" }, `@${label || style.name(target.slice(1))}`);
  if (target.startsWith("#")) return element("span", { class: "mention" }, `#${label || target.slice(1)}`);
  if (target.startsWith("!")) return element("span", { class: "mention" }, `@${label || target.slice(1)}`);
  return link(target, plain(label || target));
}

const ENTITIES = { lt: "<", gt: ">", amp: "&" };

function plain(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ENTITIES[name]);
}
