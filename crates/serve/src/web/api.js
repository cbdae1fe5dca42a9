"use strict";
// Shows the OpenAPI document. Everything goes into the page as text, never as markup.
const make = (name, text) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  return element;
};
const typeOf = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.type === "array") return `${typeOf(schema.items)}[]`;
  return [schema.type].flat().filter(Boolean).join(" | ") || "any";
};
const table = (rows) => {
  const element = make("table");
  for (const cells of rows) {
    const row = element.appendChild(make("tr"));
    for (const cell of cells) row.appendChild(make("td", cell));
  }
  return element;
};
fetch("/api/openapi.json").then((answer) => answer.json()).then((api) => {
  const place = document.getElementById("routes");
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, route] of Object.entries(methods)) {
      const section = place.appendChild(make("section"));
      const head = section.appendChild(make("h2"));
      head.appendChild(make("b", method.toUpperCase()));
      head.appendChild(make("code", path));
      section.appendChild(make("p", [route.summary, route.description].filter(Boolean).join(" ")));
      const rows = (route.parameters || []).map((p) => [p.name, p.in, typeOf(p.schema), p.description || ""]);
      for (const [type, body] of Object.entries(route.requestBody?.content || {})) {
        rows.push(["body", type, typeOf(body.schema), ""]);
      }
      for (const [status, answer] of Object.entries(route.responses || {})) {
        const kind = Object.values(answer.content || {})[0];
        rows.push([status, "answer", typeOf(kind?.schema), answer.description || ""]);
      }
      section.appendChild(table(rows));
    }
  }
  place.appendChild(make("h1", "Shapes"));
  for (const [name, schema] of Object.entries(api.components?.schemas || {})) {
    const section = place.appendChild(make("section"));
    section.appendChild(make("h2", name));
    section.appendChild(make("p", schema.description || ""));
    const needed = new Set(schema.required || []);
    section.appendChild(table(Object.entries(schema.properties || {}).map(([key, of]) =>
      [key, typeOf(of), needed.has(key) ? "always" : "", of.description || ""])));
  }
}).catch((error) => {
  document.getElementById("routes").textContent = `The document could not be read: ${error}`;
});
