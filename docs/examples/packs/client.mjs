// Reads, searches and updates an offline pack; needs nothing but the language. In a browser or in Node 18 and later.
// Tables: contracts/packs/folding.v1.json. What each step means: contracts/packs/README.md.

const ARABIC = /[\u0600-\u06ff]/;

/** What a text says in folded words, without the Arabic article. */
export function words(text, tables) {
  const found = plain(text, tables).match(/[\p{L}\p{Nl}\p{No}]+|\p{Nd}+/gu) ?? [];
  return together(found, tables).map((word) => bare(word, tables)).filter(Boolean);
}

function plain(text, tables) {
  const ligatures = (said) => said.replace(/./gsu, (letter) => tables.ligatures[letter] ?? letter);
  const lower = ligatures(text).normalize("NFKD").toLowerCase().replaceAll("ß", "ss").replaceAll("ς", "σ");
  return ligatures(lower).replace(new RegExp(tables.marks, "gu"), "");
}

function together(found, tables) {
  const isSingle = (word) => [...word].length === 1 && ARABIC.test(word);
  const kept = [];
  let single = [];
  for (const word of [...found, ""]) {
    if (isSingle(word)) {
      single.push(word);
      continue;
    }
    kept.push(...(single.length > 2 ? [single.join("")] : single));
    single = [];
    if (word && !tables.elisions.includes(word)) kept.push(word);
  }
  return kept;
}

function bare(word, tables) {
  if (!ARABIC.test(word)) return word;
  const kept = [...word].map((letter) => tables.letters[letter] ?? letter).join("");
  const article = tables.articles.find((one) => kept.startsWith(one) && kept.length - one.length >= 2);
  return article === undefined ? kept : kept.slice(article.length);
}

/** Keys by which words of two scripts sound alike. */
export function sounds(word, tables) {
  if (/^\p{Nd}+$/u.test(word)) return [];
  const heard = ARABIC.test(word) ? ofArabic(word, tables) : ofLatin(word, tables);
  return [...new Set(heard.flatMap((one) => keys(one, tables)))];
}

function ofArabic(word, tables) {
  const heard = [...word].map((letter) => tables.arabic_sounds[letter] ?? "").join("");
  if (!heard.endsWith("h")) return [heard];
  return heard.endsWith("ah") ? [heard.slice(0, -1), heard.slice(0, -1) + "t"] : [heard.slice(0, -1)];
}

function ofLatin(word, tables) {
  const forms = [word];
  const article = word.match(new RegExp(tables.latin_article));
  if (article) forms.push(word.slice(article[0].length));
  return forms.flatMap((form) => {
    let latin = form.replaceAll("x", "ẋ");
    for (const [pattern, letter] of tables.latin_sounds) latin = latin.replace(new RegExp(pattern, "g"), letter);
    latin = latin.replaceAll("i", "y");
    if (/[ae]h$/.test(latin)) latin = latin.slice(0, -1);
    let ways = [""];
    for (const letter of latin) {
      const choices = tables.ambiguous[letter] ?? [letter];
      ways = ways.flatMap((way) => choices.map((choice) => way + choice));
    }
    return ways.slice(0, tables.most_variants);
  });
}

function keys(heard, tables) {
  const without = (letters) => [...heard].filter((letter) => !letters.includes(letter)).join("");
  const opening = "aeyou".includes(heard[0] ?? "-") ? "a" : "";
  const consonants = squeezed(without("aeiouwyh'"));
  let voiced = without("aeiouh'").replace(/[wy]+$/, "");
  if (opening && voiced.startsWith("y")) voiced = voiced.slice(1);
  const made = { c: consonants, h: squeezed(without("aeiouwy'")), v: opening + squeezed(voiced) };
  return Object.entries(made)
    .filter(([kind, key]) => key.length >= tables.shortest[kind] && consonants.length > 0)
    .map(([kind, key]) => kind + key);
}

const squeezed = (text) => [...text].filter((letter, at, all) => letter !== all[at - 1]).join("");

/** Records in which every word typed is found; those that are named so come first. */
export function find(pack, typed, tables) {
  const themes = new Map(pack.themes.map((one) => [one.code, one]));
  const asked = words(typed, tables);
  if (!asked.length) return [];
  const hits = [];
  for (const record of pack.records) {
    const named = [...split(record.find), ...words(`${record.name} ${record.organization ?? ""}`, tables)];
    const about = [...upwards(record.themes ?? [], themes)].flatMap((code) => split(themes.get(code).find));
    const ranks = asked.map((word) => rank(word, named, split(record.heard), about, tables));
    if (ranks.every(Boolean)) hits.push([ranks.reduce((sum, one) => sum + one), record]);
  }
  return hits
    .sort(([one, a], [other, b]) => other - one || (a.id < b.id ? -1 : 1))
    .map(([, record]) => record);
}

const split = (text) => (text ? text.split(" ") : []);

function upwards(codes, themes) {
  const found = new Set();
  for (let code of codes) {
    while (themes.has(code) && !found.has(code)) {
      found.add(code);
      code = themes.get(code).parent;
    }
  }
  return found;
}

function rank(word, named, heard, about, tables) {
  if (named.includes(word)) return 4;
  if (named.some((token) => token.startsWith(word))) return 3;
  const keys = sounds(word, tables).filter((key) => key.length >= tables.shortest_sound);
  if (keys.some((key) => heard.includes(key))) return 2;
  return about.some((token) => token.startsWith(word)) ? 1 : 0;
}

/** The text of the pack that a difference makes of an earlier one. Throws when it does not fit. */
export async function apply(old, told) {
  const change = JSON.parse(told);
  const [head, body] = old.split(',"records":[\n');
  const lines = body.replace(/\n\]\}\n$/, "").split("\n").filter(Boolean).map((line) => line.replace(/,$/, ""));
  const records = new Map(lines.map((line) => [JSON.parse(line).id, line]));
  for (const id of change.drop) records.delete(id);
  for (const [id, line] of Object.entries(change.set)) records.set(id, line);
  const ordered = [...records.keys()].sort().map((id) => records.get(id));
  const text = `${change.head ?? head},"records":[\n${ordered.join(",\n")}\n]}\n`;
  if ((await nameOf(old)) !== change.from || (await nameOf(text)) !== change.to) {
    throw new Error("this difference belongs to another pack");
  }
  return text;
}

/** The name of a pack's text. */
export async function nameOf(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest.slice(0, 16))].map((one) => one.toString(16).padStart(2, "0")).join("");
}
