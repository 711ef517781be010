// Render the Mermaid chart on stdin, and print its nodes and edge labels as JSON. jsdom measures no text; any size will do.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.NODE_PATH}/`);
const { JSDOM } = require("jsdom");
const { window } = new JSDOM("<!DOCTYPE html><body></body>", { pretendToBeVisual: true });
globalThis.window = window;
globalThis.document = window.document;
for (const name of ["DOMParser", "Element", "HTMLElement", "Node", "SVGElement", "XMLSerializer"]) {
  globalThis[name] = window[name];
}
globalThis.CSSStyleSheet = window.CSSStyleSheet ?? class {};
window.SVGElement.prototype.getBBox = () => ({ x: 0, y: 0, width: 100, height: 20 });
window.SVGElement.prototype.getComputedTextLength = () => 100;

const { default: mermaid } = await import(pathToFileURL(require.resolve("mermaid")));
mermaid.initialize({ startOnLoad: false, htmlLabels: false, flowchart: { htmlLabels: false } });
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { svg } = await mermaid.render("chart", text);
const drawn = new JSDOM(svg).window.document;
const texts = (selector) => [...drawn.querySelectorAll(selector)].map((node) => node.textContent);
console.log(JSON.stringify({ nodes: texts("g.node"), labels: texts("g.edgeLabel"), edges: texts("path.flowchart-link").length }));
