import { expect } from "chai";
import { id as hashOf, Signature, verifyTypedData, Wallet } from "ethers";

import { ballotSigner, signBallot, signOrder } from "../../../chain/sign.ts";
import type { Ballot } from "../../../protocol/ballot.ts";
import { ORDER_TYPES, signingDomain } from "../../../protocol/orders.ts";
import type { AppOrder } from "../../../protocol/orders.ts";
import { ZERO_ADDRESS } from "../../../protocol/primitives.ts";
import type { Hash, Hex } from "../../../protocol/primitives.ts";
import { compactParts } from "../../../protocol/settlement.ts";

const wallet = new Wallet(hashOf("a key"));
const me = wallet.address.toLowerCase();
const domain = signingDomain(31_337n, "0x00000000000000000000000000000000000000aa");
const otherDomain = signingDomain(31_337n, "0x00000000000000000000000000000000000000bb");

const order: AppOrder = {
  app: 1n,
  price: 2n,
  volume: 3n,
  expiry: 4,
  counter: 0n,
  salt: hashOf("salt") as Hash,
  onlyDataset: 0n,
  onlyPool: 0n,
  onlyRequester: ZERO_ADDRESS,
};
const ballot: Ballot = { pool: 1n, lane: 2, epoch: 3, sealBy: 4, votesHash: hashOf("votes") as Hash };

describe("signing", function () {
  it("signs an order in 65 bytes, so that its signer is found again", async function () {
    const signature = await signOrder("app", order, wallet, domain);

    expect(signature).to.have.lengthOf(132);
    expect(verifyTypedData(domain, ORDER_TYPES.app, order, signature).toLowerCase()).to.equal(me);
  });

  it("signs a ballot in 64 bytes, whose two words are what the contract takes", async function () {
    const signature = await signBallot(ballot, wallet, domain);

    expect(signature).to.have.lengthOf(130);
    expect(ballotSigner(ballot, signature, domain)).to.equal(me);
    const { r, vs } = compactParts(signature);
    expect(Signature.from({ r, yParityAndS: vs }).compactSerialized).to.equal(signature);
  });

  it("finds somebody else for a changed ballot or another contract", async function () {
    const signature = await signBallot(ballot, wallet, domain);

    expect(ballotSigner({ ...ballot, epoch: 4 }, signature, domain)).not.to.equal(me);
    expect(ballotSigner(ballot, signature, otherDomain)).not.to.equal(me);
  });

  it("finds nobody in bytes that are no signature", function () {
    for (const bytes of ["0x", "0x1234", `0x${"00".repeat(64)}`, `0x${"ff".repeat(64)}`] as const) {
      expect(ballotSigner(ballot, bytes, domain), bytes).to.equal(undefined);
    }
  });

  it("takes no ballot signature of 65 bytes", async function () {
    const long = Signature.from(await signBallot(ballot, wallet, domain)).serialized as Hex;

    expect(ballotSigner(ballot, long, domain)).to.equal(undefined);
    expect(() => compactParts(long)).to.throw("64 bytes");
  });
});
