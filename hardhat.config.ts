import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig, overrideTask } from "hardhat/config";
import type { CompilerInput } from "hardhat/types/solidity";
import type { HardhatPlugin } from "hardhat/types/plugins";

import { failed, suitesOf, tableOfCalls } from "./test/support/handler-calls.ts";
import type { SolidityTestsResult } from "./test/support/handler-calls.ts";

/** The compiler comes from npm: downloads fail offline. Hardhat wants an absolute path. */
const solcPath = createRequire(import.meta.url).resolve("solc/soljson.js");

/** Only deployed contracts must fit EIP-170; what drives them in a test need not. */
const isTestTooLarge = (code = "", message = ""): boolean =>
  ["5574", "3860"].includes(code) && /contracts\/(test|mocks)\/|\.t\.sol/.test(message);

/**
 * Compiled without optimiser, in seconds: with it, what drives the invariant run alone takes longer than all contracts together.
 * What it drives is deployed from the artifacts of what is shipped.
 */
const UNOPTIMISED = "contracts/Invariants.t.sol";

/**
 * Tests are compiled apart from what they test, which is built already and which they deploy from its artifact
 * (contracts/test/Test.sol). To ask for anything of the other sources would have all contracts optimised again.
 */
function withTestsAlone(input: CompilerInput): CompilerInput {
  const tests = Object.keys(input.sources).filter((source) => source.endsWith(".t.sol"));
  if (tests.length === 0) return input;
  const wanted = input.settings.outputSelection["*"]!;
  const outputSelection = Object.fromEntries(tests.map((test) => [test, wanted]));
  return { ...input, settings: { ...input.settings, outputSelection } };
}

/** A warning fails the build, and so is seen before it is cached away. */
const compilation: HardhatPlugin = {
  id: "gridmill-compilation",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        async invokeSolc(context, compiler, solcInput, solcConfig, next) {
          const output = await next(context, compiler, withTestsAlone(solcInput), solcConfig);
          const errors = output.errors
            ?.filter(({ errorCode, formattedMessage }) => !isTestTooLarge(errorCode, formattedMessage))
            .map((error) => ({ ...error, severity: "error" as const }));
          return errors ? { ...output, errors } : output;
        },
      }),
    }),
  },
};

/** `GRIDMILL_FULL=1` is the long form of the property tests: `npm run test:contracts -- --full` sets it. */
const full = process.env["GRIDMILL_FULL"] === "1";

const compiler = {
  version: "0.8.28",
  path: solcPath,
  settings: {
    viaIR: true,
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    // Without it, a changed comment would change the bytecode in chain/abi/.
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
};
const plainCompiler = { ...compiler, settings: { evmVersion: "cancun", optimizer: { enabled: false } } };

/** Shows how often each function of a handler did what it is for, and fails the run where that is too seldom to mean much. */
const countHandlerCalls = overrideTask(["test", "solidity"])
  .setInlineAction(async (args, _hre, runSuper) => {
    const result = (await runSuper(args)) as SolidityTestsResult;
    const { lines, problems } = tableOfCalls(suitesOf(result), full ? 50 : 1);
    process.stdout.write([...lines, ...problems, ""].join("\n"));
    return problems.length > 0 ? failed(result) : result;
  })
  .build();

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers, compilation],
  tasks: [countHandlerCalls],
  solidity: {
    compilers: [compiler],
    overrides: { [UNOPTIMISED]: plainCompiler },
    splitTestsCompilation: true,
  },
  typechain: { outDir: "types" },
  // As wallets do: what a batch costs depends a little on the block, by the salt of its ledger.
  networks: { default: { type: "edr-simulated", gasMultiplier: 1.1 } },
  test: {
    mocha: { timeout: 60_000 },
    solidity: {
      fuzz: { runs: full ? 2_000 : 256, seed: "0x6772696d696c6c" },
      invariant: { runs: full ? 256 : 48, depth: full ? 64 : 32, failOnRevert: true },
    },
  },
});
