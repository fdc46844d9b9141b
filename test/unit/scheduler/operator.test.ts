import { expect } from "chai";

import { createCalls } from "../../../chain/calls.ts";
import { INTERFACES } from "../../../chain/interfaces.ts";
import type { Call } from "../../../chain/intent.ts";
import { TRANSACTION_GAS_CAP } from "../../../protocol/constants.ts";
import { ZERO_ADDRESS } from "../../../protocol/primitives.ts";
import { estimateSettleGas } from "../../../protocol/settlement.ts";
import { createOperator } from "../../../scheduler/chain/operator.ts";
import type { SettlePlan } from "../../../scheduler/domain/epochs/settle-plan.ts";

const contracts = {
  token: ZERO_ADDRESS,
  escrow: ZERO_ADDRESS,
  appRegistry: ZERO_ADDRESS,
  datasetRegistry: ZERO_ADDRESS,
};
const deployment = {
  ...{ chainId: 1, block: 1 },
  contracts: { ...contracts, poolRegistry: ZERO_ADDRESS, marketplace: ZERO_ADDRESS, hub: ZERO_ADDRESS },
};

/** The transaction that a settle with these callbacks is sent as. */
async function settleWith(callbacks: SettlePlan["callbacks"]): Promise<Call> {
  const sent: Call[] = [];
  const send = (_id: string, call: Call): Promise<unknown> => {
    sent.push(call);
    return Promise.resolve({ logs: [] });
  };
  const hold = {};
  const deps = {
    pool: 1n,
    sender: { send },
    hold,
    calls: createCalls(deployment),
    decoder: {},
    reader: {},
    onGas: () => {},
  };
  await createOperator(deps as unknown as Parameters<typeof createOperator>[0]).settle(
    { lane: 0, deals: [], tasks: [], ballots: [], callbacks },
    { epoch: 1, sealedAt: 0 },
  );
  return sent[0]!;
}

const none = { deals: 0, tasks: 0, votes: 0, ballots: 0 };

describe("the operator's settle", function () {
  it("brings the answers for contracts", async function () {
    const { data } = await settleWith(["0x", "0xab"]);

    const [, , , , , callbacks] = INTERFACES.hub.decodeFunctionData("settle", data) as unknown[];
    expect([...(callbacks as Iterable<string>)]).to.deep.equal(["0x", "0xab"]);
  });

  it("has the gas that it may use at most, whatever it used when it was simulated", async function () {
    expect((await settleWith(["0xab"])).gasLimit).to.equal(estimateSettleGas({ ...none, callbacks: 1, open: true }));
    expect((await settleWith([])).gasLimit).to.equal(estimateSettleGas({ ...none, callbacks: 0, open: true }));
    expect((await settleWith(Array.from({ length: 100 }, () => "0xab" as const))).gasLimit).to.equal(
      TRANSACTION_GAS_CAP,
    );
  });
});
