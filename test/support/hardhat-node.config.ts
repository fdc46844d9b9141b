import { defineConfig } from "hardhat/config";

/** `hardhat node` as a chain that mines at a steady pace, as real ones do. */
export default defineConfig({
  networks: {
    node: { type: "edr-simulated", chainId: 31_337, mining: { auto: false, interval: 1_000 } },
  },
});
