import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

// Constructing it is serving it: the engine talks to this process from here on.
new PolicyPack("cluster", { policies: rules, enforcementLevel: "mandatory" });
