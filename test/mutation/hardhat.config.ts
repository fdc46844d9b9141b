import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

/**
 * The chain under code that is not optimised: it may be as large as it is, and gets all the gas there is. An estimate does not
 * always suffice for `matchBatch`, which salts its table with what no estimate knows; that would look as if it killed a mutant.
 */
export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: "0.8.28",
  networks: { default: { type: "edr-simulated", allowUnlimitedContractSize: true, gas: 16_000_000n } },
});
