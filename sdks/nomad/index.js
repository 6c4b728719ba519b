"use strict";
/**
 * The runtime of `@pulumi/nomad`: each resource is one row of `resources.js`, turned into a class that registers the
 * published token with the published property names. Types are in `index.d.ts`. No build step: what is here is what runs.
 */
const pulumi = require("@pulumi/pulumi");
const { resources, provider } = require("./resources");
const { version } = require("./package.json");

/** The engine picks the plugin by this version, so resources and the provider ask for the one these types describe. */
const withPluginVersion = (opts) => pulumi.mergeOptions({ version }, opts);

/** What goes over the wire; a missing required argument is refused before registration. */
function toInputs(definition, args) {
  for (const property of definition.required ?? []) {
    if (args[property] === undefined) {
      throw new Error(`Missing required property '${property}'`);
    }
  }
  const inputs = {};
  for (const property of definition.inputs) {
    const value = args[property];
    const secret = definition.secrets?.includes(property) && value !== undefined;
    inputs[property] = secret ? pulumi.secret(value) : value;
  }
  return inputs;
}

function resourceClass(name, definition) {
  const type = `nomad:index/${name[0].toLowerCase()}${name.slice(1)}:${name}`;
  const properties = [...definition.inputs, ...(definition.outputs ?? [])];
  const secretOutputs = [...(definition.secrets ?? []), ...(definition.secretOutputs ?? [])];

  const made = class extends pulumi.CustomResource {
    static get(resourceName, id, state, opts) {
      return new made(resourceName, state, { ...opts, id });
    }

    static isInstance(value) {
      return value !== undefined && value !== null && value.__pulumiType === type;
    }

    constructor(resourceName, args = {}, opts = {}) {
      const state = {};
      if (opts.id) {
        for (const property of properties) state[property] = args?.[property];
      } else {
        Object.assign(state, toInputs(definition, args));
        for (const property of definition.outputs ?? []) state[property] = undefined;
      }
      const defaults = secretOutputs.length > 0 ? { additionalSecretOutputs: secretOutputs } : {};
      super(type, resourceName, state, pulumi.mergeOptions(withPluginVersion(opts), defaults));
    }
  };
  made.__pulumiType = type;
  Object.defineProperty(made, "name", { value: name });
  return made;
}

for (const [name, definition] of Object.entries(resources)) {
  exports[name] = resourceClass(name, definition);
}

/** A provider's inputs travel as strings: what is not one is JSON, as in every bridged provider. */
exports.Provider = class Provider extends pulumi.ProviderResource {
  static isInstance(value) {
    return value !== undefined && value !== null && value.__pulumiType === "pulumi:providers:nomad";
  }

  constructor(name, args = {}, opts = {}) {
    const inputs = toInputs(provider, args);
    for (const property of provider.json) {
      if (inputs[property] !== undefined) inputs[property] = pulumi.output(inputs[property]).apply(JSON.stringify);
    }
    super(
      "nomad",
      name,
      inputs,
      pulumi.mergeOptions(withPluginVersion(opts), { additionalSecretOutputs: provider.secrets }),
    );
  }
};
