import Docker from "dockerode";
import { Networks } from "./networks";

describe("the network of a VPC", () => {
  it.each(["a", "bench", "local"])("is never the first of the cloud's, whose stack is %s: that is bridge", (stack) => {
    const networks = new Networks(new Docker(), stack, "self", async () => {}, jest.fn());
    expect([networks.name("vpc-0a1"), "bridge"].sort()).toEqual(["bridge", networks.name("vpc-0a1")]);
  });
});
