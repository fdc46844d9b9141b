import { expect } from "chai";
import { Interface, Wallet, id as hashOf, verifyTypedData } from "ethers";

import { signingDomain } from "../../../protocol/orders.ts";
import { OWNERSHIP_TYPES } from "../../../protocol/ownership.ts";
import type { Address } from "../../../protocol/primitives.ts";
import type { GridContext } from "../../../sdk/grid-context.ts";
import { createWorkers } from "../../../sdk/workers.ts";

const [HUB, WORKER, CONTRACT] = ["4b", "01", "c0"].map((byte): Address => `0x${byte.repeat(20)}`) as [
  Address,
  Address,
  Address,
];
const domain = signingDomain(31_337n, HUB);
const signer = new Wallet(hashOf("owner"));
const address = signer.address.toLowerCase() as Address;
const MAGIC = new Interface(["function isValidSignature(bytes32,bytes)"]).getFunction("isValidSignature")!.selector;

/** A chain on which contracts answer this when they are asked about a signature. */
function gridWhere(answer: string): GridContext {
  const asked = {
    network: { chainId: 31_337, deployment: { contracts: { hub: HUB } } },
    provider: { call: async ({ to }: { to: string }) => (to === CONTRACT ? answer.padEnd(66, "0") : "0x") },
    reader: { ballotDomain: domain },
    account: { address, signer },
  };
  return asked as unknown as GridContext;
}

describe("a statement of a worker's owner", function () {
  it("is signed by the owner's key, for one deployment on one chain", async function () {
    const { signature, ...rest } = await createWorkers(gridWhere("0x")).own(WORKER);

    expect(rest).to.deep.equal({ chainId: 31_337, hub: HUB, worker: WORKER, owner: address });
    const said = { owner: address, worker: WORKER };
    expect(verifyTypedData(domain, OWNERSHIP_TYPES, said, signature)).to.equal(signer.address);
    for (const other of [signingDomain(1n, HUB), signingDomain(31_337n, CONTRACT)])
      expect(verifyTypedData(other, OWNERSHIP_TYPES, said, signature)).to.not.equal(signer.address);
  });

  it("names a contract that takes the signature", async function () {
    expect((await createWorkers(gridWhere(MAGIC)).own(WORKER, CONTRACT)).owner).to.equal(CONTRACT);
  });

  for (const answer of ["0x", "0xffffffff"]) {
    it(`is not made for a contract that answers ${answer}`, async function () {
      const error = await createWorkers(gridWhere(answer))
        .own(WORKER, CONTRACT)
        .catch((thrown: unknown) => thrown);

      expect(error).to.include({ code: "GM_OWNER_UNPROVEN" });
    });
  }
});
