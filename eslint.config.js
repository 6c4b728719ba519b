const fs = require("node:fs");
const path = require("node:path");
const tseslint = require("typescript-eslint");

/**
 * Who may import whom. A file belongs to the longest of these folders that it lies in ("" is the project's root); it may import
 * files of the folders listed for it. A folder that is absent here may import anything.
 */
const mayImport = {
  "": ["", "components", "cost", "hosts"],
  hosts: ["hosts"],
  components: ["components", "hosts"],
  cost: ["", "components", "cost", "hosts"],
  ...Object.fromEntries(fs.readdirSync(path.join(__dirname, "apps")).map((app) => [`apps/${app}`, [`apps/${app}`]])),
  "sdks/nomad": ["sdks/nomad"],
  engines: ["engines"],
  docs: ["docs"],
  "local/cloud": ["local/cloud", "local/images", "engines"],
  "local/images": ["local/images", "engines"],
  local: ["", "local", "local/cloud", "local/images", "engines"],
  policy: ["policy"],
};

/** Packages that a folder has to do without: hosts/ is pure functions, and the cloud knows nothing of who asks it. */
const mayNotUse = { hosts: /^@pulumi\//, "local/cloud": /^@pulumi\//, engines: /^@pulumi\// };

const folders = [...new Set([...Object.keys(mayImport), "apps", "local", "tests", "bench"])].sort(
  (a, b) => b.length - a.length,
);

/** The folder of the table that a path, relative to the root, belongs to; a path of a folder not in the table is that folder. */
function folderOf(file) {
  const found = folders.find((folder) => folder !== "" && (file === folder || file.startsWith(`${folder}/`)));
  return found ?? (file.includes("/") ? file.split("/")[0] : "");
}

const boundaries = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const from = path.relative(__dirname, context.filename).replaceAll("\\", "/");
    const folder = folderOf(from);
    function judge(node, source) {
      if (typeof source !== "string") return;
      if (!source.startsWith(".")) {
        if (mayNotUse[folder]?.test(source)) context.report({ node, message: `${folder}/ does without ${source}` });
        return;
      }
      const to = path.posix.join(path.posix.dirname(from), source);
      const target = folderOf(fs.existsSync(path.join(__dirname, to, "index.ts")) ? `${to}/index` : to);
      const allowed = mayImport[folder];
      if (allowed === undefined || allowed.includes(target)) return;
      const names = allowed.map((name) => (name === "" ? "the root" : `${name}/`)).join(", ");
      context.report({ node, message: `${folder || "the root"} may import from ${names} only, and ${to} is outside` });
    }
    return {
      ImportDeclaration: (node) => judge(node, node.source.value),
      ExportAllDeclaration: (node) => judge(node, node.source.value),
      ExportNamedDeclaration: (node) => judge(node, node.source?.value),
      ImportExpression: (node) => judge(node, node.source.value),
      CallExpression: (node) => {
        if (node.callee.name === "require") judge(node, node.arguments[0]?.value);
      },
    };
  },
};

module.exports = tseslint.config(
  { ignores: ["**/node_modules/", "**/.build/", "**/.local/", "**/dist/", "**/coverage/"] },
  ...tseslint.configs.recommended,
  {
    plugins: { project: { rules: { boundaries } } },
    rules: {
      "project/boundaries": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true, caughtErrors: "none" },
      ],
    },
  },
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  // A double stands for a thing of any shape; what matters of it is asserted.
  { files: ["tests/**", "**/*.test.ts"], rules: { "@typescript-eslint/no-explicit-any": "off" } },
  { files: ["**/*.js", "**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  // Types by hand for a package that has none: what it exports is not ours to choose.
  { files: ["**/*.d.ts"], rules: { "@typescript-eslint/no-unused-vars": "off" } },
);
