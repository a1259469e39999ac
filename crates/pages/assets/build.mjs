// npm run build: makes dist/ of src/ and of the packages. dist/ is committed, so that nobody who builds or runs Doktolib
// needs Node; scripts/check-assets.sh builds it once more and compares.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);
const out = process.argv[2] ?? "dist";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

execFileSync("npx", ["--no-install", "tailwindcss", "-i", "src/app.css", "-o", `${out}/app.css`, "--minify"], { stdio: ["ignore", "ignore", "inherit"] });

const ICONS = [
  "arrow-left", "arrow-right", "calendar-days", "calendar-plus", "check", "circle-alert", "circle-check", "clock",
  "compass", "globe", "info", "languages", "map-pin", "search", "search-x", "star", "stethoscope", "triangle-alert",
  "user-plus", "video", "wallet",
];
const symbol = (name) => {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8").replace(/<!--[\s\S]*?-->/g, "");
  const [, inside] = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/);
  return `<symbol id="${name}" viewBox="0 0 24 24">${inside.replace(/\s+/g, " ").replace(/> </g, "><").trim()}</symbol>`;
};
writeFileSync(`${out}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${ICONS.map(symbol).join("")}</svg>\n`);

const font = "node_modules/@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next";
copyFileSync(`${font}-latin-wght-normal.woff2`, `${out}/atkinson-latin.woff2`);
copyFileSync(`${font}-latin-ext-wght-normal.woff2`, `${out}/atkinson-latin-ext.woff2`);
copyFileSync("src/logo.svg", `${out}/logo.svg`);
