import { GO_APP, NODE_APP, summary, unnamed } from "./sbom";

const bill = {
  components: [
    { purl: "pkg:npm/fastify@5.12.8" },
    { purl: "pkg:npm/%40fastify/swagger@9.9.3" },
    { purl: "pkg:generic/node@22.23.3" },
    { purl: "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12" },
    // A file, which is no package.
    {},
  ],
};

describe("a bill of materials", () => {
  it("is found to leave out what an image is known to hold", () => {
    expect(unnamed(bill, NODE_APP)).toEqual(["pkg:deb/debian/libstdc%2B%2B6@"]);
    expect(unnamed(bill, GO_APP)).toEqual(["pkg:golang/"]);
    expect(unnamed({}, GO_APP)).toEqual(["pkg:golang/"]);
    expect(unnamed({ components: [{ purl: "pkg:golang/github.com/traefik/traefik/v3@v3.6.12" }] }, GO_APP)).toEqual([]);
  });

  it("is summed up by the types of its packages", () => {
    expect(summary(bill)).toBe("1 deb, 1 generic, 2 npm");
  });
});
