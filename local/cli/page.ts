const entities: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  middot: "·",
  mdash: "—",
};

/** The text that a person would read on a page, a line for each block. */
export function readableText(html: string): string {
  return html
    .replace(/<(head|script|style|template)\b[\s\S]*?<\/\1>/gi, "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/\s+/g, " ")
    .replace(/<\/(dt|th|td)>/gi, "  ")
    .replace(
      /<(br|hr)\b[^>]*>|<\/?(p|div|section|article|header|footer|main|nav|h[1-6]|ul|ol|li|dl|dt|tr|table|caption)\b[^>]*>/gi,
      "\n",
    )
    .replace(/<[^>]+>/g, "")
    .replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) => {
      if (!name.startsWith("#")) return entities[name] ?? whole;
      return String.fromCodePoint(/^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10));
    })
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, "  ").trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** Fetches a page; an error with the status when it is not served. */
export async function fetchPage(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(15_000) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${readableText(body).slice(0, 500)}`);
  return body;
}
