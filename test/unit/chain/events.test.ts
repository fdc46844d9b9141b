import { expect } from "chai";
import { id as hashOf, ZeroAddress } from "ethers";

import { EVENT_SCHEMAS } from "../../../chain/event-schemas.ts";
import { createEventDecoder, findEvent } from "../../../chain/events.ts";
import { INTERFACES } from "../../../chain/interfaces.ts";
import type { RawLog } from "../../../chain/intent.ts";
import { packDeal } from "../../../protocol/deal-words.ts";
import { dealIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { Deployment } from "../../../protocol/deployment.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";

type Name = keyof Deployment["contracts"];

const NAMES = ["token", "escrow", "appRegistry", "datasetRegistry", "poolRegistry", "marketplace", "hub"] as const;
const addressOf = (name: Name): Address => `0x${`${NAMES.indexOf(name) + 1}`.padStart(40, "0")}`;
const contracts = Object.fromEntries(NAMES.map((name) => [name, addressOf(name)])) as Deployment["contracts"];
const decoder = createEventDecoder({ chainId: 31_337, block: 1, contracts });

const ALICE = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const HASH = hashOf("a hash") as Hash;
const AT = { blockNumber: 9, blockHash: HASH, transactionHash: HASH, logIndex: 2 };

function logOf(contract: Name, event: string, args: readonly unknown[], address = addressOf(contract)): RawLog {
  const { topics, data } = INTERFACES[contract].encodeEventLog(event, args);
  return { ...AT, address, topics: topics as Hash[], data: data as Hex };
}

const deal: Deal = {
  app: 1n,
  dataset: 0n,
  pool: 3n,
  appOwner: ALICE.toLowerCase() as Address,
  datasetOwner: ZeroAddress as Address,
  poolOwner: ALICE.toLowerCase() as Address,
  requester: ALICE.toLowerCase() as Address,
  payer: ALICE.toLowerCase() as Address,
  beneficiary: ALICE.toLowerCase() as Address,
  callback: ZeroAddress as Address,
  appPrice: 10n ** 30n,
  datasetPrice: 0n,
  poolPrice: 5n,
  poolStake: 1n,
  workerStake: 2n,
  schedulerShare: 100,
  grace: 60,
  lane: 4,
  category: 1,
  maxWeight: 16,
  trust: 3,
  volume: 1000,
  openedAt: 1_800_000_000,
  requirements: HASH,
  paramsHash: HASH,
  requestHash: HASH,
};

describe("event decoder", function () {
  it("reads a deal back whole, so that its id is its hash again", function () {
    const dealId = dealIdOf(deal);

    const event = decoder.decode(logOf("marketplace", "DealOpened", [dealId, 3n, ALICE, packDeal(deal)]));

    expect(event).to.deep.equal({
      ...AT,
      kind: "DealOpened",
      dealId,
      pool: 3n,
      requester: ALICE.toLowerCase(),
      deal,
    });
    expect(event?.kind === "DealOpened" && dealIdOf(event.deal)).to.equal(dealId);
  });

  it("reads lists, empty ones too", function () {
    const leavesOf = (leaves: readonly Hash[]): unknown => {
      const event = decoder.decode(logOf("hub", "Sealed", [1n, 2, 3n, leaves]));
      return event?.kind === "Sealed" && event.leaves;
    };

    expect(leavesOf([HASH, HASH])).to.deep.equal([HASH, HASH]);
    expect(leavesOf([])).to.deep.equal([]);
  });

  it("keeps the sign of a change of balance", function () {
    const event = decoder.decode(logOf("escrow", "Posted", [ALICE, -5n, 5n]));

    expect(event).to.include({ kind: "Posted", account: ALICE.toLowerCase(), available: -5n, locked: 5n });
  });

  it("says of a transfer which asset it is", function () {
    const assets = (["appRegistry", "datasetRegistry", "poolRegistry"] as const).map((registry) => {
      const event = decoder.decode(logOf(registry, "Transfer", [ZeroAddress, ALICE, 7n]));
      return event?.kind === "AssetTransferred" && `${event.asset} ${event.id}`;
    });

    expect(assets).to.deep.equal(["app 7", "dataset 7", "pool 7"]);
  });

  it("ignores a stranger's contract, the token, and events that nobody follows", function () {
    const stranger = "0x00000000000000000000000000000000000000ff";

    expect(decoder.decode(logOf("hub", "TaskKept", [HASH, 0, []], stranger))).to.equal(undefined);
    expect(decoder.decode(logOf("token", "Transfer", [ALICE, ALICE, 1n]))).to.equal(undefined);
    expect(decoder.decode(logOf("hub", "EIP712DomainChanged", []))).to.equal(undefined);
  });

  it("filters by the contracts and topics of the wanted kinds", function () {
    const { address, topics } = decoder.filter(["Sealed", "Deposited"]);

    expect(address).to.have.members([addressOf("hub"), addressOf("escrow")]);
    expect(topics[0]).to.have.lengthOf(2);
  });

  it("has a form for every event of the contracts", function () {
    const known = [...Object.keys(EVENT_SCHEMAS), "Transfer", "Approval", "ApprovalForAll", "EIP712DomainChanged"];
    const declared = NAMES.filter((name) => name !== "token").flatMap((name) => {
      const names: string[] = [];
      INTERFACES[name].forEachEvent((event) => names.push(event.name));
      return names;
    });

    expect([...new Set(declared)].filter((name) => !known.includes(name))).to.deep.equal([]);
    const gone = Object.keys(EVENT_SCHEMAS).filter((name) => name !== "AssetTransferred" && !declared.includes(name));
    expect(gone).to.deep.equal([]);
  });

  it("finds an event in a receipt", function () {
    const logs = [logOf("hub", "TaskKept", [HASH, 0, []]), logOf("escrow", "Burned", [5n])];

    expect(findEvent(decoder, logs, "Burned")?.amount).to.equal(5n);
    expect(findEvent(decoder, logs, "Deposited")).to.equal(undefined);
  });
});
