// One catalogue for all texts; English replaces missing translations.

import { local } from "./local.js";

const LANGUAGES = ["en", "zh-CN"];
const LOCAL = ".local";
const STORAGE_KEY = "stn-language";
const catalogues = {};
const listeners = new Set();
let language = "en";

/** The sentence of a key, its {placeholders} filled in; the key itself if there is none. */
export function t(key, args = {}) {
  const text = catalogues[language]?.[key] ?? catalogues.en?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in args ? args[name] : whole));
}

export const has = (key) => key in (catalogues.en ?? {});

/** The sentence for an error {code, message} of the server. */
export function errorText({ code, message }) {
  return has(`error.${code}`) ? t(`error.${code}`, { message }) : message || t("error.unknown");
}

/** A number for people: a true minus sign, fixed decimals, no "-0". */
export function number(value, decimals = 0, signed = false) {
  if (!Number.isFinite(value)) return "–";
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) return text;
  if (value < 0) return `−${text}`;
  return signed ? `+${text}` : text;
}

/** The language in the address (?lang=), else the visitor's earlier choice, else the browser's language. */
export function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (LANGUAGES.includes(asked)) return asked;
  let stored = null;
  try {
    stored = localStorage.getItem(STORAGE_KEY);
  } catch {
    // storage may be forbidden; the choice then lasts as long as the page
  }
  if (LANGUAGES.includes(stored)) return stored;
  return (navigator.languages ?? [navigator.language]).some((tag) => /^zh\b/i.test(tag ?? "")) &&
    !/^en\b/i.test(navigator.language)
    ? "zh-CN"
    : "en";
}

/** Fetch all catalogues (they are small), so that switching is instant. `fetchJson(path)` -> parsed JSON. */
export async function loadCatalogues(fetchJson) {
  await Promise.all(
    LANGUAGES.map(async (tag) => {
      const texts = await fetchJson(`stn/strings/${tag}.json`);
      catalogues[tag] = local() ? { ...texts, ...ofLocal(texts) } : texts;
    }),
  );
}

/** The texts of a page without a server that differ from those of the live page: "<key>.local" in place of "<key>". */
function ofLocal(texts) {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => key.endsWith(LOCAL)).map(([key, text]) => [key.slice(0, -LOCAL.length), text]));
}

/** Translate every element of the document with data-i18n. */
export function setLanguage(tag, remember = true) {
  language = LANGUAGES.includes(tag) ? tag : "en";
  document.documentElement.lang = language;
  document.title = t("app.title");
  if (remember) keep();
  translate(document);
  for (const tell of listeners) tell();
}

/** write(): called after each change of the language, to write again a text that was written by a script. */
export function onLanguage(write) {
  listeners.add(write);
}

function keep() {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // see preferred()
  }
  const query = new URLSearchParams(location.search);
  if (!query.has("lang")) return;
  query.set("lang", language); // the visitor's choice replaces the language in the address
  history.replaceState(history.state, "", `${location.pathname}?${query}${location.hash}`);
}

/** Fill in every data-i18n (text), data-i18n-label (accessible name and tooltip) and data-i18n-help (an explanation on
 *  pointing, and for screen readers) below an element. */
export function translate(element) {
  for (const node of element.querySelectorAll("[data-i18n]")) node.textContent = t(node.dataset.i18n);
  for (const node of element.querySelectorAll("[data-i18n-help]")) {
    node.title = t(node.dataset.i18nHelp);
    (node.closest("label")?.control ?? node).setAttribute("aria-description", node.title);
  }
  for (const node of element.querySelectorAll("[data-i18n-label]")) {
    const label = t(node.dataset.i18nLabel);
    node.setAttribute("aria-label", label);
    if (node.matches("button, input, select, label")) node.title = label;
  }
}
