// Starts the admin application. A file of its own, because the content security policy allows no inline script.
// Runs before the first paint where it can: colour scheme, density and side bar are the person's own choice.
const root = document.documentElement;
for (const name of ["theme", "density", "sidebar"]) {
  try {
    const value = localStorage.getItem(`rustok-admin-${name}`);
    if (value) root.dataset[name] = value;
  } catch {
    // Storage may be switched off; the defaults are fine then.
  }
}

const { module, wasm } = document.querySelector("script[data-module]").dataset;
try {
  const { default: init } = await import(module);
  await init({ module_or_path: wasm });
} catch (error) {
  console.error(error);
  const main = document.createElement("main");
  main.className = "signin";
  const gate = document.createElement("section");
  gate.className = "gate";
  gate.setAttribute("role", "alert");
  const title = document.createElement("h1");
  title.textContent = "The admin did not start";
  const text = document.createElement("p");
  text.textContent = "Its program could not be loaded. Check the connection, then load the page again; nothing was lost.";
  const again = document.createElement("button");
  again.type = "button";
  again.className = "btn";
  again.dataset.kind = "primary";
  again.textContent = "Load again";
  again.addEventListener("click", () => location.reload());
  gate.append(title, text, again);
  main.append(gate);
  document.body.append(main);
}
