import { defineConfig } from "hardhat/config";

import base from "../../hardhat.config.ts";

const { compilers, ...solidity } = base.solidity as { readonly compilers: readonly { readonly settings: object }[] };

/** Without optimiser. The generator has to stay: with the other one the stack is too deep. */
const unoptimised = compilers.map((compiler) => ({
  ...compiler,
  settings: { ...compiler.settings, viaIR: true, optimizer: { enabled: false } },
}));

/** The project, compiled as it is when it is measured, which makes the code larger and deeper. */
export default defineConfig({
  ...base,
  solidity: { ...solidity, compilers: unoptimised } as NonNullable<typeof base.solidity>,
  test: { ...base.test, mocha: { timeout: 600_000 } },
  coverage: { skipFiles: ["contracts/mocks/**", "contracts/test/**"] },
});
