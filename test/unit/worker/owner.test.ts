import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { id as hashOf, Wallet } from "ethers";

import { signOwnership } from "../../../chain/sign.ts";
import { signerOf } from "../../../chain/signed-by.ts";
import { signingDomain } from "../../../protocol/orders.ts";
import { ownershipHash } from "../../../protocol/ownership.ts";
import type { OwnerClaim, OwnerStatement } from "../../../protocol/ownership.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { readOwner } from "../../../worker/owner.ts";
import { tempDir } from "../../support/temp-dir.ts";

const HUB: Address = `0x${"4b".repeat(20)}`;
const WORKER: Address = `0x${"01".repeat(20)}`;
const CHAIN_ID = 31_337;
const domain = signingDomain(BigInt(CHAIN_ID), HUB);
const keyOf = (name: string) => new Wallet(hashOf(name));
const owner = keyOf("owner").address.toLowerCase() as Address;

const link = {
  chainId: CHAIN_ID,
  ballotDomain: domain,
  isOwner: async (worker: Address, claim: OwnerClaim) =>
    signerOf(ownershipHash({ owner: claim.owner, worker }, domain), claim.signature) === claim.owner,
};

async function aStatement(changes: Partial<OwnerStatement> = {}, key = keyOf("owner")): Promise<OwnerStatement> {
  const { chainId, hub, worker } = { chainId: CHAIN_ID, hub: HUB, worker: WORKER, ...changes };
  const signature = await signOwnership({ owner, worker }, key, signingDomain(BigInt(chainId), hub));
  return { chainId, hub, worker, owner, signature, ...changes };
}

describe("whose a worker says it is", function () {
  async function read(content: string | undefined, isNamed = true): Promise<OwnerClaim | undefined> {
    await using folder = await tempDir();
    const file = join(folder.path, "owner.json");
    if (content !== undefined) await writeFile(file, content);
    return await readOwner({ named: isNamed ? file : undefined, usual: file }, WORKER, link);
  }
  const codeFrom = (content: string | undefined, isNamed = true): Promise<unknown> =>
    read(content, isNamed).then(
      () => undefined,
      (error: { code: unknown }) => error.code,
    );

  for (const isNamed of [true, false]) {
    it(`is whom the statement names, in ${isNamed ? "the file that was named" : "its folder"}`, async function () {
      const { signature, ...statement } = await aStatement();

      expect(await read(JSON.stringify({ ...statement, signature }), isNamed)).to.deep.equal({ owner, signature });
    });
  }

  it("is nobody where no file was named and none lies in its folder", async function () {
    expect(await read(undefined, false)).to.equal(undefined);
  });

  for (const [what, changes] of [
    ["another worker", { worker: HUB }],
    ["another chain", { chainId: 1 }],
    ["another deployment", { hub: WORKER }],
  ] as const) {
    it(`is refused of a statement for ${what}, before any pool hears it`, async function () {
      expect(await codeFrom(JSON.stringify(await aStatement(changes)))).to.equal("GM_OWNER_UNPROVEN");
    });
  }

  it("is refused where somebody else has signed", async function () {
    expect(await codeFrom(JSON.stringify(await aStatement({}, keyOf("thief"))))).to.equal("GM_OWNER_UNPROVEN");
  });

  for (const [what, content] of [
    ["is not there", undefined],
    ["is no JSON", "{"],
    ["says something else", "{}"],
  ] as const) {
    it(`is a fault of the configuration where the file that was named ${what}`, async function () {
      expect(await codeFrom(content)).to.equal("GM_BAD_CONFIG");
    });
  }
});
