import { expect } from "chai";
import { AbiCoder, id, toBeHex } from "ethers";

import { orderHash, ORDER_TYPES, signingDomain } from "../../../protocol/orders.ts";
import type { RequestOrder } from "../../../protocol/orders.ts";
import { paramsHashOf } from "../../../protocol/params.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { createDapps } from "../../../sdk/dapps.ts";
import type { Dapps } from "../../../sdk/dapps.ts";

const CONSUMER: Address = `0x${"c0".repeat(20)}`;
const NOW = 1_900_000_000;
const DOMAIN = signingDomain(1n, ZERO_ADDRESS);
const PARAMS = '{"version":1}';

function aRequest(changes: Partial<RequestOrder> = {}): RequestOrder {
  return {
    ...{ app: 1n, dataset: 0n, pool: 0n, maxAppPrice: 0n, maxDatasetPrice: 0n, maxPoolPrice: 1n },
    ...{ requester: CONSUMER, payer: CONSUMER, beneficiary: ZERO_ADDRESS, callback: CONSUMER },
    ...{ trust: 3, maxWeight: 16, category: 0, requirements: ZERO_HASH, paramsHash: paramsHashOf(PARAMS) },
    ...{ volume: 1, nonce: 0n, expiry: NOW },
    ...changes,
  };
}

const FIELDS = ORDER_TYPES.request["RequestOrder"]!;
const TUPLE = `tuple(${FIELDS.map(({ type, name }) => `${type} ${name}`).join(",")})`;

/** The log in which a contract asks. */
const log = (request: RequestOrder, params = PARAMS) => ({
  data: AbiCoder.defaultAbiCoder().encode([TUPLE, "string"], [request, params]),
  topics: [],
});

/** A contract with these logs, on a chain that has seen these nonces. */
function dappsOf(logs: readonly object[], usedNonces: readonly bigint[] = []): Dapps {
  const reader = {
    orderDomain: DOMAIN,
    now: () => Promise.resolve(NOW),
    nonceUsed: (_requester: Address, nonce: bigint) => Promise.resolve(usedNonces.includes(nonce)),
  };
  const network = { deployment: { block: 1 } };
  return createDapps({ provider: { getLogs: () => Promise.resolve(logs) }, reader, network } as never);
}

const noncesOf = async (logs: readonly object[], used?: readonly bigint[]): Promise<readonly bigint[]> =>
  (await dappsOf(logs, used).asked(CONSUMER)).map(({ request }) => request.nonce);

describe("what a contract asks for", function () {
  it("is read from its log, with the hash that its approval is kept by", async function () {
    const [asked] = await dappsOf([log(aRequest())]).asked(CONSUMER);

    expect(asked).to.deep.equal({
      request: aRequest(),
      params: PARAMS,
      requestHash: orderHash("request", aRequest(), DOMAIN),
    });
  });

  it("can be matched until its expiry, and once", async function () {
    const logs = [aRequest({ nonce: 1n }), aRequest({ nonce: 2n, expiry: NOW - 1 }), aRequest({ nonce: 3n })].map((one) => log(one)); // prettier-ignore

    expect(await noncesOf(logs, [3n])).to.deep.equal([1n]);
  });

  it("is not what it says of others, of other params, or of terms that no request has", async function () {
    const others = [
      log(aRequest({ requester: ZERO_ADDRESS })),
      log(aRequest(), '{"version":2}'),
      log(aRequest({ trust: 1 })),
      log(aRequest({ nonce: 9n })),
    ];

    expect(await noncesOf(others)).to.deep.equal([9n]);
  });
});

describe("what a contract made of an answer", function () {
  const answer = (name: string, index: number) => ({
    topics: [id(`${name}(bytes32,uint32)`)],
    data: toBeHex(index, 32),
  });

  it("is told by index", async function () {
    const dapps = dappsOf([answer("AnswerUsed", 1), answer("AnswerUnusable", 256)]);
    const fates = await Promise.all([0, 1, 256].map((index) => dapps.fateOf(CONSUMER, ZERO_HASH, index)));

    expect(fates).to.deep.equal(["none", "used", "unusable"]);
  });
});
