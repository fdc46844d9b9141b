import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { factsIn, sourceFactsOf, type SourceFacts } from "../support/source-facts.ts";

/** Each room, and the rooms it may import from. The table of ARCHITECTURE.md. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  chain: ["protocol"],
  market: ["protocol", "chain"],
  scheduler: ["protocol", "chain"],
  worker: ["protocol", "chain"],
  sdk: ["protocol", "chain"],
  cli: ["protocol", "chain", "market", "scheduler", "worker", "sdk", "scripts"],
  web: ["sdk", "protocol"],
  scripts: ["protocol", "chain"],
  bench: ["protocol", "chain", "market", "scheduler", "worker", "sdk", "cli", "web", "scripts", "test"],
  test: ["protocol", "chain", "market", "scheduler", "worker", "sdk", "cli", "web", "scripts", "bench"],
};

/** Rooms that a user runs. The others may look behind every wall. */
const PRODUCT = ["protocol", "chain", "market", "scheduler", "worker", "sdk", "cli", "web", "scripts"];

/** What a compiler writes, and who may read it. */
const GENERATED: Readonly<Record<string, RegExp>> = { types: /^test\/contracts\//, artifacts: /^scripts\// };

/** Packages that a wall stands around, and the only folders that may know them. */
const WALLED: readonly { readonly packages: RegExp; readonly within: RegExp }[] = [
  { packages: /^bullmq$/, within: /^scheduler\/queue\// },
  { packages: /^ioredis$/, within: /^scheduler\/(queue|store)\// },
  { packages: /^dockerode$/, within: /^(worker\/executor|cli\/images)\// },
  { packages: /^(fastify|@fastify\/.*|fastify-.*)$/, within: /^[a-z]+\/http\// },
  { packages: /^@opentelemetry\//, within: /^scheduler\/traces\// },
  { packages: /^(pg|kysely|@electric-sql\/.*)$/, within: /^market\/store\// },
];

/** Where a service decides: no time but a clock's, and nobody outside to talk to. */
const DOMAIN = /^(market|scheduler|worker)\/domain\//;
const DOMAIN_PACKAGES = ["zod"];
const WALL_CLOCK = ["Date.now", "new Date()", "performance.now", "setTimeout", "setInterval", "fetch"];

/** What also runs in a browser. */
const BROWSER = /^(protocol|web|(chain|sdk)\/(?!node\/))/;

type Rule = (file: SourceFacts) => readonly string[];

const roomOf = (path: string): string => path.split("/")[0]!;
const isProduct = ({ path }: SourceFacts): boolean => PRODUCT.includes(roomOf(path));

const importsAllowedRooms: Rule = ({ path, files }) => {
  const may = [roomOf(path), ...(ROOMS[roomOf(path)] ?? [])];
  return files
    .filter((file) => file.includes("/") && !may.includes(roomOf(file)))
    .filter((file) => !GENERATED[roomOf(file)]?.test(path));
};

const keepsPackagesBehindWalls: Rule = (file) => {
  if (!isProduct(file)) return [];
  const outside = WALLED.filter(({ within }) => !within.test(file.path));
  return file.packages.filter((name) => outside.some(({ packages }) => packages.test(name)));
};

const readsEnvironmentInConfigOnly: Rule = ({ path, globals, builtins }) => {
  if (/^[a-z]+\/(support\/)?config\.ts$/.test(path)) return [];
  return [...["process.env"].filter((name) => globals.has(name)), ...builtins.filter((name) => name === "process")];
};

const keepsDomainPure: Rule = ({ path, files, packages, builtins, globals }) => {
  if (!DOMAIN.test(path)) return [];
  const domain = path.split("/").slice(0, 2).join("/");
  return [
    ...files.filter((file) => !file.startsWith(`${domain}/`) && roomOf(file) !== "protocol"),
    ...packages.filter((name) => !DOMAIN_PACKAGES.includes(name)),
    ...builtins,
    ...WALL_CLOCK.filter((name) => globals.has(name)),
  ];
};

const leavesMainOnTop: Rule = ({ path, files }) => files.filter((name) => name === `${roomOf(path)}/main.ts`);

const runsInBrowser: Rule = ({ path, builtins }) => (BROWSER.test(path) ? builtins : []);

const saysWhatItLoads: Rule = (file) =>
  Array.from({ length: isProduct(file) ? file.blindImports : 0 }, () => "import(…)");

const namesFilesInFull: Rule = ({ relative }) =>
  relative.filter((name) => !/\.(ts|tsx|json|css)$|\/types\/.*\.js$/.test(name));

const isKebabCase: Rule = ({ path }) =>
  path.split("/").every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/.test(part)) ? [] : [path];

function offences(rule: Rule, files: readonly SourceFacts[]): readonly string[] {
  return files.flatMap((file) => rule(file).map((offence) => `${file.path}: ${offence}`));
}

describe("architecture", function () {
  const files = sourceFactsOf(Object.keys(ROOMS));

  const rules: Readonly<Record<string, Rule>> = {
    "a room imports only the rooms it may": importsAllowedRooms,
    "a walled package occurs behind its wall alone": keepsPackagesBehindWalls,
    "the environment is read in config.ts alone": readsEnvironmentInConfigOnly,
    "a domain folder talks to nothing outside and reads no clock": keepsDomainPure,
    "no room imports its own main.ts": leavesMainOnTop,
    "what runs in a browser needs nothing of Node": runsInBrowser,
    "every import says what it loads": saysWhatItLoads,
    "imports carry their ending": namesFilesInFull,
    "file names are kebab-case": isKebabCase,
  };

  for (const [name, rule] of Object.entries(rules)) {
    it(name, function () {
      expect(offences(rule, files)).to.deep.equal([]);
    });
  }

  it("contracts import OpenZeppelin and one another, and nothing else", function () {
    const root = join(import.meta.dirname, "../..");
    const imports = globSync("contracts/**/*.sol", { cwd: root }).flatMap((path) =>
      [...readFileSync(join(root, path), "utf8").matchAll(/^\s*import\s[^;]*?["']([^"']+)["'];/gm)].map(
        ([, from]) => `${path}: ${from}`,
      ),
    );

    expect(imports.filter((line) => !/: (\.{1,2}\/|@openzeppelin\/contracts\/)/.test(line))).to.deep.equal([]);
  });

  describe("the rules themselves", function () {
    const judge = (rule: Rule, path: string, text: string): readonly string[] => rule(factsIn(path, text));

    it("see every form of import", function () {
      const forms = [
        `import { a } from "../worker/a.ts";`,
        `import type { A } from "../worker/a.ts";`,
        `import "../worker/a.ts";`,
        `export { a } from "../worker/a.ts";`,
        `export * from "../worker/a.ts";`,
        `const a = await import("../worker/a.ts");`,
        `let a: import("../worker/a.ts").A;`,
        `const a = require("../worker/a.ts");`,
      ];
      for (const form of forms) {
        expect(judge(importsAllowedRooms, "scheduler/x.ts", form), form).to.deep.equal(["worker/a.ts"]);
        expect(judge(importsAllowedRooms, "cli/x.ts", form), form).to.deep.equal([]);
      }
    });

    it("keep scheduler and worker apart, and tests out of the product", function () {
      expect(judge(importsAllowedRooms, "worker/domain/x.ts", `import "../../scheduler/y.ts";`)).to.have.length(1);
      expect(judge(importsAllowedRooms, "worker/x.ts", `import "../test/support/cheat.ts";`)).to.have.length(1);
      expect(judge(importsAllowedRooms, "cli/x.ts", `import "../web/y.ts";`)).to.have.length(1);
    });

    it("know who may use a walled package", function () {
      const cases: readonly (readonly [string, string, number])[] = [
        ["scheduler/queue/x.ts", "bullmq", 0],
        ["scheduler/store/x.ts", "bullmq", 1],
        ["scheduler/store/x.ts", "ioredis/built/utils", 0],
        ["worker/x.ts", "ioredis", 1],
        ["worker/executor/x.ts", "dockerode", 0],
        ["cli/images/x.ts", "dockerode", 0],
        ["cli/parts/x.ts", "dockerode", 1],
        ["market/http/x.ts", "@fastify/swagger", 0],
        ["market/x.ts", "fastify", 1],
        ["market/store/x.ts", "@electric-sql/pglite", 0],
        ["sdk/x.ts", "pg", 1],
        ["test/integration/x.ts", "pg", 0],
      ];
      for (const [path, name, count] of cases) {
        expect(judge(keepsPackagesBehindWalls, path, `import "${name}";`), `${path} ${name}`).to.have.length(count);
      }
    });

    it("see the environment however it is read, and not in comments", function () {
      for (const form of [`process.env["A"]`, `process["env"].A`, `import { env } from "node:process";`]) {
        expect(judge(readsEnvironmentInConfigOnly, "worker/x.ts", form), form).to.have.length(1);
        expect(judge(readsEnvironmentInConfigOnly, "worker/config.ts", form), form).to.have.length(0);
      }
      expect(judge(readsEnvironmentInConfigOnly, "worker/x.ts", "// process.env")).to.have.length(0);
    });

    it("keep the outside out of a domain folder", function () {
      const path = "scheduler/domain/x.ts";
      const outward = [
        `import "../queue/y.ts";`,
        `import "ethers";`,
        `import "node:fs";`,
        "Date.now();",
        "new Date();",
      ];
      for (const text of outward) expect(judge(keepsDomainPure, path, text), text).to.have.length(1);
      const inward = [`import "./y.ts";`, `import "../../protocol/y.ts";`, `import "zod";`, "new Date(0);"];
      for (const text of inward) expect(judge(keepsDomainPure, path, text), text).to.have.length(0);
    });

    it("notice an import that hides what it loads", function () {
      expect(judge(saysWhatItLoads, "cli/x.ts", "await import(name)")).to.have.length(1);
      expect(judge(saysWhatItLoads, "cli/x.ts", `await import("./y.ts")`)).to.have.length(0);
    });
  });
});
