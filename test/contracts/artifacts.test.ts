import { expect } from "chai";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";

import { CONTRACTS, artifactOf, staleAbiFiles } from "../../scripts/export-abi.ts";
import { renderStorageLayout } from "../../scripts/storage-layout.ts";

const root = join(import.meta.dirname, "../..");

/** EIP-170. */
const MAX_CODE_BYTES = 24_576;

describe("compiled contracts", function () {
  it("are what chain/abi/ holds (else run npm run export)", async function () {
    const stale = (await staleAbiFiles()).map((path) => relative(root, path));

    expect(stale).to.deep.equal([]);
  });

  for (const contract of Object.keys(CONTRACTS)) {
    it(`keep ${contract} within the size that a chain accepts`, async function () {
      const { deployedBytecode } = await artifactOf(contract);

      expect((deployedBytecode.length - 2) / 2).to.be.lessThanOrEqual(MAX_CODE_BYTES);
    });
  }

  it("pack their storage as snapshots/storage-layout.txt says (else run npm run export)", async function () {
    const committed = await readFile(join(root, "snapshots", "storage-layout.txt"), "utf8");

    expect(await renderStorageLayout()).to.equal(committed);
  });

  it("declare in their ABI every error that they throw from a library", async function () {
    const { abi } = await artifactOf("Hub");
    const errors = abi.filter(({ type }) => type === "error").map(({ name }) => name);

    expect(errors).to.include.members([
      "HubStreamTruncated",
      "HubTasksUnsorted",
      "HubVotesUnsorted",
      "HubDealsUnsorted",
      "HubEpochPending",
      "HubBondNotReady",
      "HubDealNotOpen",
      "HubCallbackGas",
      "CategoryUnknown",
    ]);
  });
});
