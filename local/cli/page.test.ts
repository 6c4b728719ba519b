import { readableText } from "./page";

test("a page's text is what a person reads, a line for each block", () => {
  const html = `<!doctype html><html><head><title>x</title><style>p { }</style></head>
    <body><h1>Frontend &amp; friends</h1><script>alert(1)</script>
    <dl><dt>Greeting</dt><dd>Hello  &#x2603; <b>there</b></dd></dl><!-- hidden --><p>a<br>b</p></body></html>`;
  expect(readableText(html)).toBe("Frontend & friends\nGreeting  Hello ☃ there\na\nb");
});
