// Pages that are live are shown anew every few seconds, unless they are hidden, in use, or it is switched off.

const EVERY = 5000; // milliseconds

const content = () => document.getElementById("content");
const wanted = () => document.getElementById("live")?.checked && !document.hidden;

/** Whether somebody is reading or working here: what they hold must not vanish. */
function inUse() {
  const held = document.activeElement;
  return !document.getSelection()?.isCollapsed || (held !== document.body && held?.id !== "live" && content().contains(held));
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error(answer.statusText);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("content");
  // What is in front of the switch stays: it may have the focus.
  const [, ...rest] = fresh.children;
  const [head] = content().children;
  content().replaceChildren(head, ...rest);
}

async function live() {
  for (;;) {
    await new Promise((wake) => setTimeout(wake, EVERY));
    if (!wanted() || inUse()) continue;
    try {
      await refresh();
      content().classList.remove("stale");
    } catch {
      content().classList.add("stale"); // away, or signed out: what stands here is of before
    }
  }
}

if (content().hasAttribute("data-live")) {
  document.querySelector(".live").hidden = false;
  live();
}
document.querySelector(".banner")?.focus();
