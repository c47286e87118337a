// A GraphQL console without dependencies: run, tidy, history, schema, completion by name.
const $ = (id) => document.getElementById(id);
const [query, variables, headers, answer, status] = ["query", "variables", "headers", "answer", "status"].map($);
const KEY = "rustok.graphiql";
const EXAMPLE = `query Products($first: Int = 5) {
  products(first: $first) {
    totalCount
    nodes {
      id
      title
      slug
    }
  }
}`;

const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
query.value = kept.query ?? EXAMPLE;
variables.value = kept.variables ?? "{}";
headers.value = kept.headers ?? "{}";
let history = kept.history ?? [];

function keep() {
  localStorage.setItem(KEY, JSON.stringify({ query: query.value, variables: variables.value, headers: headers.value, history }));
}

function operations() {
  return [...query.value.matchAll(/\b(query|mutation|subscription)\s+([A-Za-z_]\w*)/g)].map((match) => match[2]);
}

function list(select, items, first) {
  const chosen = select.value;
  select.replaceChildren(...[...(first ? [first] : []), ...items].map((item) => {
    const option = document.createElement("option");
    [option.value, option.textContent] = Array.isArray(item) ? item : [item, item];
    return option;
  }));
  if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
}

function refresh() {
  list($("operation"), operations(), operations().length ? null : ["", "(unnamed)"]);
  list($("history"), history.map((text, at) => [String(at), text.replace(/\s+/g, " ").slice(0, 60)]), ["", "earlier queries"]);
}

function read(field, name) {
  try {
    return field.value.trim() ? JSON.parse(field.value) : {};
  } catch (error) {
    throw new Error(`${name} is not JSON: ${error.message}`);
  }
}

async function ask(text, vars, operationName, more) {
  const response = await fetch("/api/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", ...more },
    body: JSON.stringify({ query: text, variables: vars, ...(operationName ? { operationName } : {}) }),
  });
  return { status: response.status, body: await response.json() };
}

async function run() {
  keep();
  status.value = "running";
  const started = performance.now();
  try {
    const result = await ask(query.value, read(variables, "Variables"), $("operation").value, read(headers, "Headers"));
    answer.textContent = JSON.stringify(result.body, null, 2);
    status.value = `${result.status} · ${Math.round(performance.now() - started)} ms`;
    history = [query.value, ...history.filter((text) => text !== query.value)].slice(0, 20);
    keep();
    refresh();
  } catch (error) {
    answer.textContent = error.message;
    status.value = "not sent";
  }
}

// Indents by braces; strings and comments stay as they are.
function tidy() {
  let depth = 0;
  const lines = query.value.split("\n").map((line) => line.trim()).filter((line, at, all) => line || all[at - 1]);
  query.value = lines.map((line) => {
    const bare = line.replace(/"(?:[^"\\]|\\.)*"|#.*$/g, "");
    const opens = (bare.match(/[{(\[]/g) ?? []).length;
    const closes = (bare.match(/[})\]]/g) ?? []).length;
    const leading = (bare.match(/^[})\]]+/) ?? [""])[0].length;
    const text = "  ".repeat(Math.max(0, depth - leading)) + line;
    depth = Math.max(0, depth + opens - closes);
    return text;
  }).join("\n").trim();
  keep();
}

// ---- schema
const SCHEMA = `{ __schema { queryType { name } mutationType { name } types { name kind description
  fields { name description args { name type { ...T } } type { ...T } } inputFields { name description type { ...T } } enumValues { name description } } } }
  fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }`;
let types = [];
const named = (type) => (type.ofType ? named(type.ofType) : type.name);
const show = (type) => type.kind === "NON_NULL" ? `${show(type.ofType)}!` : type.kind === "LIST" ? `[${show(type.ofType)}]` : type.name;

function element(tag, text, children = []) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
}

function link(type) {
  const node = element("a", show(type));
  node.tabIndex = 0;
  const go = () => { $("find").value = named(type); docs(); };
  node.addEventListener("click", go);
  node.addEventListener("keydown", (event) => event.key === "Enter" && go());
  return node;
}

function docs() {
  const wanted = $("find").value.trim().toLowerCase();
  const roots = ["Query", "Mutation"];
  const found = types
    .filter((type) => !type.name.startsWith("__") && type.kind !== "SCALAR")
    .filter((type) => wanted ? type.name.toLowerCase().includes(wanted) || (type.fields ?? []).some((field) => field.name.toLowerCase().includes(wanted)) : roots.includes(type.name))
    .sort((a, b) => (b.name.toLowerCase() === wanted) - (a.name.toLowerCase() === wanted) || a.name.localeCompare(b.name))
    .slice(0, 30);
  $("docs").replaceChildren(...found.map((type) => {
    const list = element("dl");
    for (const field of type.fields ?? type.inputFields ?? []) {
      const args = (field.args ?? []).flatMap((arg, at) => [at ? ", " : "(", `${arg.name}: `, link(arg.type)]);
      list.append(element("dt", "", [field.name, ...args, args.length ? ")" : "", ": ", link(field.type)]));
      if (field.description) list.append(element("dd", field.description));
    }
    for (const value of type.enumValues ?? []) list.append(element("dt", value.name), element("dd", value.description ?? ""));
    const details = element("details", "", [element("summary", type.name), element("p", type.description ?? ""), list]);
    details.open = !wanted || type.name.toLowerCase() === wanted || found.length < 4;
    return details;
  }));
  if (!found.length) $("docs").textContent = types.length ? "Nothing of that name." : "The schema is not served.";
}

// ---- completion: names of the schema that begin with the word before the caret
const completions = $("completions");
let names = [];
let chosen = 0;

function wordBefore() {
  return query.value.slice(0, query.selectionStart).match(/[A-Za-z_]\w*$/)?.[0] ?? "";
}

function complete() {
  const word = wordBefore();
  const found = word.length < 2 ? [] : names.filter((name) => name.startsWith(word) && name !== word).slice(0, 12);
  chosen = 0;
  completions.hidden = !found.length;
  completions.replaceChildren(...found.map((name, at) => {
    const item = element("li", name);
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(at === chosen));
    item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(name); });
    return item;
  }));
}

function take(name) {
  const at = query.selectionStart;
  query.setRangeText(name, at - wordBefore().length, at, "end");
  completions.hidden = true;
  keep();
}

query.addEventListener("input", () => { keep(); refresh(); complete(); });
query.addEventListener("blur", () => { completions.hidden = true; });
query.addEventListener("keydown", (event) => {
  if (completions.hidden) return;
  const items = [...completions.children];
  if (event.key === "Escape") completions.hidden = true;
  else if (event.key === "Tab" || event.key === "Enter") take(items[chosen].textContent);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
  } else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key === "Enter") { event.preventDefault(); run(); }
  if (event.shiftKey && event.key.toLowerCase() === "f") { event.preventDefault(); tidy(); }
});
$("run").addEventListener("click", run);
$("tidy").addEventListener("click", tidy);
$("find").addEventListener("input", docs);
$("history").addEventListener("change", (event) => {
  const text = history[Number(event.target.value)];
  if (event.target.value !== "" && text) { query.value = text; keep(); refresh(); }
  event.target.value = "";
});
[variables, headers].forEach((field) => field.addEventListener("input", keep));
refresh();
ask(SCHEMA, {}, "", {}).then((result) => {
  types = result.body.data?.__schema?.types ?? [];
  names = [...new Set(types.flatMap((type) => [type.name, ...(type.fields ?? type.inputFields ?? []).map((field) => field.name)]))].sort();
  docs();
}).catch(() => docs());
