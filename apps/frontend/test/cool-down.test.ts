import { CoolDown } from "../src/discovery/cool-down";

const one = { address: "10.0.0.1", port: 20_000 };
const other = { address: "10.0.0.1", port: 20_001 };

describe("the cool-down", () => {
  it("marks an instance that failed for five seconds, and no other one", () => {
    let now = 0;
    const coolDown = new CoolDown(5000, () => now);
    coolDown.failed(one);
    now = 4999;
    expect([coolDown.isCooling(one), coolDown.isCooling(other)]).toEqual([true, false]);
    now = 5000;
    expect(coolDown.isCooling(one)).toBe(false);
  });

  it("starts anew with each failure and ends with a success", () => {
    let now = 0;
    const coolDown = new CoolDown(5000, () => now);
    coolDown.failed(one);
    now = 3000;
    coolDown.failed(one);
    now = 7999;
    expect(coolDown.isCooling(one)).toBe(true);
    coolDown.succeeded(one);
    expect(coolDown.isCooling(one)).toBe(false);
  });
});
