// Telegram's text: plain, with marks at UTF-16 offsets, which are what JavaScript's strings count in.

import { element, link } from "./dom.js";

const PLAIN = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", spoiler: "mark",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};
const BLOCKS = new Set(["PRE", "BLOCKQUOTE"]);

export function marked(text, entities) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const fragment = document.createDocumentFragment();
  weave(fragment, text, 0, text.length, sorted);
  return fragment;
}

// Appends text[from..to] to `parent`, taking from `waiting` the marks that begin in it.
function weave(parent, text, from, to, waiting) {
  let at = from;
  while (waiting.length && waiting[0].offset < to) {
    const mark = waiting.shift();
    if (mark.offset < at) continue;
    const end = Math.min(mark.offset + mark.length, to);
    const [outer, inner] = dressed(mark, text.slice(mark.offset, end));
    parent.append(text.slice(at, mark.offset), outer);
    weave(inner, text, mark.offset, end, waiting);
    at = end;
    // A block ends its line by itself.
    if (BLOCKS.has(outer.tagName) && text[at] === "\n") at += 1;
  }
  parent.append(text.slice(at, to));
}

function dressed(mark, covered) {
  if (mark.type === "pre") return preformatted(mark.language);
  const made = linked(mark, covered) ?? element(PLAIN[mark.type] ?? "span", { class: `mark-${mark.type}` });
  return [made, made];
}

function preformatted(language) {
  const inner = element("code");
  return [element("pre", { "data-language": language, tabindex: "0" }, inner), inner];
}

function linked(mark, covered) {
  switch (mark.type) {
    case "text_link":
      return link(mark.url);
    case "url":
      return link(/^[a-z][a-z0-9+.-]*:/i.test(covered) ? covered : `http://${covered}`);
    case "email":
      return link(`mailto:${covered}`);
    default:
      return null;
  }
}
