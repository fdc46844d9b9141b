import js from "@eslint/js";
import tseslint from "typescript-eslint";

const GENERATED = [
  "artifacts/",
  "cache/",
  "types/",
  "coverage/",
  "out/",
  "dist/",
  "chain/abi/",
  ".*/",
  "apps/*/image/",
];

/** What every TypeScript file of ours keeps. The numbers are those of the style page, functions with some slack. */
const house = {
  "@typescript-eslint/no-floating-promises": "error",
  "@typescript-eslint/explicit-module-boundary-types": "error",
  "@typescript-eslint/consistent-type-imports": "error",
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
  "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
  // A port may be asynchronous while one of its implementations is not.
  "@typescript-eslint/require-await": "off",
  // Our objects are closures: their methods use no `this`.
  "@typescript-eslint/unbound-method": "off",
  "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
  complexity: ["error", 9],
  "max-lines": ["error", 300],
  "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
  "no-console": "error",
  "no-restricted-syntax": ["error", { selector: "ExportDefaultDeclaration", message: "Export by name." }],
  eqeqeq: "error",
};

export default tseslint.config(
  { ignores: GENERATED },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: house,
  },
  {
    files: ["cli/**", "scripts/**", "bench/**", "test/run.ts", "test/*/main.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**"],
    rules: {
      // `describe` bodies are lists, and chai asserts by property.
      "max-lines-per-function": "off",
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  // Fixtures return what TypeChain generates: those types have names that only a compiler likes.
  { files: ["test/contracts/**"], rules: { "@typescript-eslint/explicit-module-boundary-types": "off" } },
  { files: ["**/*.config.ts"], rules: { "no-restricted-syntax": "off" } },
);
