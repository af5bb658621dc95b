// Elements, and nothing that reads HTML: what people and models write only ever becomes text.

export function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);

// A link that leads out of the page; addresses of other kinds (javascript:) stay text.
export function link(address, ...children) {
  let parsed = null;
  try {
    parsed = new URL(address);
  } catch {
    // Not an address at all.
  }
  if (!parsed || !SAFE.has(parsed.protocol)) return element("span", {}, ...children);
  return element("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

export function speak(root, words) {
  for (const spoken of root.querySelectorAll("[data-word]")) spoken.textContent = words[spoken.dataset.word];
}
