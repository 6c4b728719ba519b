import { shares } from "./instances";

describe("shares", () => {
  it("gives what each was asked against an equal share, least first", () => {
    const asked = new Map([
      [8001, 30],
      [8002, 0],
      [8003, 60],
    ]);
    expect(shares(asked)).toEqual([0, 1, 2]);
  });
});
