import { atLeast } from "../../engines/install";
import versions from "../../engines/versions.json";
import { older, programs } from "./before";

it.each(programs)("upgrades %s from an older version", (name) => {
  const { version } = older(name);
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(atLeast(version, versions[name])).toBe(false);
});
