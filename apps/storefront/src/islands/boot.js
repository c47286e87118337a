// Wakes the islands of the page, and the few manners that plain HTML lacks. Everything here is a convenience:
// without it every link, form and panel still works.
const JS = "__JS__";
const WASM = "__WASM__";

// Filters and sort apply as soon as they change; as a sheet, filters wait for their button.
addEventListener("change", event => {
  const form = event.target.form;
  if (form?.hasAttribute("data-autosubmit") && !form.matches(":popover-open")) form.requestSubmit();
});

// An order is sent once; the server would answer a second click with the same order anyway.
addEventListener("submit", event => {
  const form = event.target;
  if (!form.hasAttribute("data-once") || event.submitter?.hasAttribute("formaction")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(form => {
  delete form.dataset.sent;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
}));

// Menu panels close on Escape and when something else gets the attention.
const panels = () => document.querySelectorAll('details[name="site-menu"][open]');
addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  for (const panel of panels()) {
    if (panel.contains(document.activeElement)) panel.querySelector("summary").focus();
    panel.open = false;
  }
});
addEventListener("click", event => {
  for (const panel of panels()) if (!panel.contains(event.target)) panel.open = false;
});

// A form that came back with errors starts at their summary.
document.querySelector("[data-focus]")?.focus();

// What follows does what leptos' own inline loader does, as a file, so that the policy needs no inline script.
globalThis.__RESOLVED_RESOURCES = [];
globalThis.__SERIALIZED_ERRORS = [];
globalThis.__PENDING_RESOURCES = [];
globalThis.__RESOURCE_RESOLVERS = [];
globalThis.__INCOMPLETE_CHUNKS = [];

const idle = globalThis.requestIdleCallback ?? (run => setTimeout(run, 1));
const outer = [];

async function wake(node, islands) {
  const tag = node.localName;
  if (tag === "leptos-island") {
    outer.at(-1)?.();
    await islands[node.dataset.component]?.(node);
  }
  if (tag === "leptos-children") outer.push(node.$$on_hydrate);
  for (const child of node.children) await wake(child, islands);
  if (tag === "leptos-children") outer.pop();
}

if (document.querySelector("leptos-island")) {
  idle(async () => {
    const islands = await import(JS);
    await islands.default({ module_or_path: WASM });
    islands.hydrate();
    await wake(document.body, islands);
    document.documentElement.dataset.awake = "";
  }, { timeout: 2000 });
}
