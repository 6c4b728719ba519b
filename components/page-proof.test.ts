import { pageText, waitForPage, type WaitForPageOptions } from "./page-proof";

const PAGE = `<!doctype html><html><head><title>Frontend</title><style>p { color: red }</style></head>
<body><dl><dt>Greeting</dt><dd>Hello &amp; welcome,
  it&#39;s &quot;dev&quot; &lt;3</dd></dl><script>track()</script></body></html>`;

describe("pageText", () => {
  it("is what a reader sees: no markup, styles or scripts, entities decoded, white space collapsed", () => {
    expect(pageText(PAGE)).toBe(`Greeting Hello & welcome, it's "dev" <3`);
  });
});

describe("waitForPage", () => {
  const options = (changes: Partial<WaitForPageOptions>): WaitForPageOptions => ({
    fetchPage: () => Promise.resolve({ status: 200, body: PAGE }),
    greeting: `Hello & welcome, it's "dev" <3`,
    url: "http://edge.example",
    timeoutSeconds: 60,
    progress: () => undefined,
    pollMs: 0,
    ...changes,
  });

  it("returns when the page shows the backend's greeting, however it is escaped", async () => {
    await expect(waitForPage(options({}))).resolves.toBeUndefined();
  });

  it("asks again while the page is not there, saying why whenever that changes", async () => {
    const answers = [
      () => Promise.reject(new Error("connect ECONNREFUSED")),
      () => Promise.reject(new Error("connect ECONNREFUSED")),
      () => Promise.resolve({ status: 503, body: "<p>no backend</p>" }),
      () => Promise.resolve({ status: 200, body: PAGE }),
    ];
    const messages: string[] = [];
    await waitForPage(options({ fetchPage: () => answers.shift()!(), progress: (message) => messages.push(message) }));
    expect(messages).toEqual([
      "Waiting for the page at http://edge.example: connect ECONNREFUSED",
      "Waiting for the page at http://edge.example: it answers 503: no backend",
    ]);
  });

  it("fails with the last answer when the greeting never comes", async () => {
    const fetchPage = () => Promise.resolve({ status: 200, body: "<main>Frontend, stale values</main>" });
    await expect(waitForPage(options({ timeoutSeconds: 0, fetchPage }))).rejects.toThrow(
      'The page at http://edge.example does not show the backend\'s greeting "Hello & welcome, it\'s "dev" <3" after 0 s: ' +
        "it answers 200 without it: Frontend, stale values. Look at the target group's health, and at the logs of " +
        "Traefik and of the frontend: nomad alloc logs -job traefik, nomad alloc logs -job frontend",
    );
  });
});
