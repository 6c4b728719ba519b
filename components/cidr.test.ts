import { formatCidr, parseCidr, zoneCidrs, zoneLetter } from "./cidr";

describe("parseCidr", () => {
  it.each([
    ["10.42.0.0/16", { base: 0x0a2a0000, prefix: 16 }],
    ["203.0.113.7/32", { base: 0xcb007107, prefix: 32 }],
    ["0.0.0.0/0", { base: 0, prefix: 0 }],
    ["255.255.255.255/32", { base: 0xffffffff, prefix: 32 }],
  ])("reads %s, and formatCidr writes it again", (text, cidr) => {
    expect(parseCidr(text)).toEqual(cidr);
    expect(formatCidr(cidr)).toBe(text);
  });

  it.each(["10.42.0.0", "10.42.0.1/16", "10.42.0.256/32", "10.42.0.0/33", "10.42.0/16", "::/0", "", "a.b.c.d/8"])(
    "refuses %j",
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );
});

describe("zoneCidrs", () => {
  it("gives public subnets the lower half of the VPC and private ones the upper", () => {
    expect(zoneCidrs("10.42.0.0/16", 0)).toEqual({ public: "10.42.0.0/20", private: "10.42.128.0/20" });
    expect(zoneCidrs("10.42.0.0/16", 1)).toEqual({ public: "10.42.16.0/20", private: "10.42.144.0/20" });
    expect(zoneCidrs("10.42.0.0/16", 7)).toEqual({ public: "10.42.112.0/20", private: "10.42.240.0/20" });
  });

  it("cuts a small VPC into subnets that lie inside it and do not overlap", () => {
    const blocks = Array.from({ length: 8 }, (_, slot) => Object.values(zoneCidrs("172.16.4.0/22", slot))).flat();
    const ranges = blocks.map((text) => parseCidr(text)!).sort((a, b) => a.base - b.base);
    const vpc = parseCidr("172.16.4.0/22")!;
    expect(ranges[0]!.base).toBe(vpc.base);
    ranges.forEach(({ base, prefix }, index) => {
      expect(base + 2 ** (32 - prefix)).toBe(ranges[index + 1]?.base ?? vpc.base + 2 ** (32 - vpc.prefix));
    });
  });

  it("refuses a ninth zone", () => {
    expect(() => zoneCidrs("10.42.0.0/16", 8)).toThrow("no room for zone 8: a VPC holds 8");
  });
});

describe("zoneLetter", () => {
  it("names slots in order", () => {
    expect([0, 1, 7].map(zoneLetter)).toEqual(["a", "b", "h"]);
  });
});
