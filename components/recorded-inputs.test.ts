import * as pulumi from "@pulumi/pulumi";
import { recordedInputs } from "./recorded-inputs";

describe("recordedInputs", () => {
  it("keeps what is plain", () => {
    const args = { count: 3, names: ["a"], nested: { flag: true }, absent: undefined, nothing: null };
    expect(recordedInputs(args)).toEqual(args);
  });

  it("leaves out outputs, and whatever has one in it", () => {
    const output = pulumi.output("later");
    expect(recordedInputs({ count: 3, output, list: ["a", output], nested: { deep: { output } } })).toEqual({
      count: 3,
    });
  });
});
