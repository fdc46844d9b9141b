import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { findNetwork, readNetworks, saveNetwork } from "../../../cli/networks.ts";
import type { CliNetwork } from "../../../cli/networks.ts";
import type { GridmillError } from "../../../protocol/errors.ts";
import { tempDir } from "../../support/temp-dir.ts";

const address = `0x${"11".repeat(20)}` as const;
const contracts = Object.fromEntries(
  ["token", "escrow", "appRegistry", "datasetRegistry", "poolRegistry", "marketplace", "hub"].map((name) => [
    name,
    address,
  ]),
) as CliNetwork["deployment"]["contracts"];
const network: CliNetwork = {
  chainId: 31_337,
  rpcUrls: ["http://127.0.0.1:8545"],
  marketUrl: "http://127.0.0.1:8480",
  confirmations: 0,
  deployment: { chainId: 31_337, block: 1, contracts },
  imageRegistry: "127.0.0.1:5010",
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error as GridmillError).code,
  );

describe("networks", function () {
  it("gives back what was saved, beside what was there", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "networks.json");
    await saveNetwork(file, "local", network);
    await saveNetwork(file, "other", { ...network, confirmations: 5 });

    expect(await findNetwork(file, "local")).to.deep.equal(network);
    expect(Object.keys(await readNetworks(file))).to.deep.equal(["local", "other"]);
  });

  it("tells a newcomer how to get the local one", async function () {
    await using dir = await tempDir();

    const error = await findNetwork(join(dir.path, "networks.json"), "local").catch((thrown: unknown) => thrown);

    expect(error).to.include({ code: "GM_UNKNOWN_NETWORK", hint: "Start a market on this machine: gridmill up" });
  });

  it("refuses a file that is no JSON, and a network without its contracts", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "networks.json");
    await writeFile(file, "{");
    expect(await codeOf(findNetwork(file, "local"))).to.equal("GM_BAD_CONFIG");
    await writeFile(file, JSON.stringify({ local: { ...network, deployment: {} } }));
    expect(await codeOf(findNetwork(file, "local"))).to.equal("GM_BAD_CONFIG");
  });
});
