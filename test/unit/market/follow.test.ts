import { expect } from "chai";

import { createChainFacts } from "../../../market/domain/chain-facts.ts";
import type { ChainView } from "../../../market/domain/chain-view.ts";
import { NodeBehindError } from "../../../market/domain/errors.ts";
import { createFollower } from "../../../market/domain/follow.ts";
import type { Book } from "../../../market/domain/ports.ts";
import type { Hash } from "../../../protocol/primitives.ts";

import { ask, fakeBook, fakeChain, fakeDeals, request } from "./fake-market.ts";

const ALICE = `0x${"a".repeat(40)}` as const;
const BOB = `0x${"b".repeat(40)}` as const;
const hash = (digit: string): Hash => `0x${digit.repeat(64)}`;
const AT = { blockNumber: 9, logIndex: 0, transactionHash: hash("f") } as const;

function following(chainAnswers: Partial<ChainView> = {}, bookAnswers: Partial<Book> = {}) {
  const [book, deals] = [fakeBook(bookAnswers), fakeDeals()];
  const facts = createChainFacts({ chain: fakeChain(chainAnswers), book });
  return { book, deals, follower: createFollower({ facts, book, deals, clock: { now: () => 1_000 } }) };
}

describe("follower", function () {
  it("reads a balance again and judges the account's orders", async function () {
    const { book, follower } = following({ balance: async () => ({ available: 5n, locked: 0n }) });

    await follower.apply({ ...AT, kind: "balance", account: ALICE });

    expect(book.told).to.deep.equal([`account ${ALICE} 5 0 10`, `judge account ${ALICE}`]);
  });

  it("asks nothing about an account that has no orders", async function () {
    const { book, follower } = following({}, { knowsAccount: async () => false });

    await follower.apply({ ...AT, kind: "balance", account: ALICE });

    expect(book.told).to.deep.equal([]);
  });

  it("reads an allowance again and judges what the payer pays", async function () {
    const { book, follower } = following({ allowance: async () => 5n }, { knowsAllowance: async () => true });

    await follower.apply({ ...AT, kind: "allowance", payer: BOB, requester: ALICE });

    expect(book.told).to.deep.equal([`allowance ${BOB} ${ALICE} 5 10`, `judge account ${BOB}`]);
  });

  it("asks nothing about an allowance that no request names", async function () {
    const { book, follower } = following();

    await follower.apply({ ...AT, kind: "allowance", payer: BOB, requester: ALICE });

    expect(book.told).to.deep.equal([]);
  });

  it("waits for a node that has not got the event's block, instead of believing it", async function () {
    const { book, follower } = following({ head: async () => 8 });

    const error = await follower.apply({ ...AT, kind: "balance", account: ALICE }).catch((each: unknown) => each);

    expect(error).to.be.instanceOf(NodeBehindError).and.have.property("retryable", true);
    expect(book.told).to.deep.equal([]);
  });

  it("takes the answer of a node that is exactly at the event's block", async function () {
    const { book, follower } = following({ head: async () => 9 });

    await follower.apply({ ...AT, kind: "counter", signer: ALICE });

    expect(book.told[0]).to.equal(`account ${ALICE} 0 0 9`);
  });

  it("never takes a failed question for an answer", async function () {
    const failure = new Error("no node");
    const { book, follower } = following({ balance: () => Promise.reject(failure) });

    const error = await follower.apply({ ...AT, kind: "balance", account: ALICE }).catch((each: unknown) => each);

    expect(error).to.equal(failure);
    expect(book.told).to.deep.equal([]);
  });

  it("remembers who sold an asset, also a sale that happened before this market began", async function () {
    const owners: string[] = [];
    const saveOwner: Book["saveOwner"] = async (kind, id, owner) => void owners.push(`${kind} ${id} ${owner}`);
    const { follower } = following({ asset: async () => ({ owner: BOB }) }, { saveOwner });

    await follower.apply({ ...AT, kind: "asset", asset: "app", id: 1n, from: ALICE });

    expect(owners).to.deep.equal([`app 1 ${ALICE}`, `app 1 ${BOB}`]);
  });

  it("reads a cancelled request again, and those that share its nonce", async function () {
    const cancelled = request(hash("1"), ALICE, 7n);
    const others = [request(hash("2"), ALICE, 7n), request(hash("3"), ALICE, 8n)];
    const { book, follower } = following(
      { nonceUsed: async () => true },
      { knownOrders: async () => [cancelled], openRequests: async () => others },
    );

    await follower.apply({ ...AT, kind: "cancelled", signer: ALICE, orderHash: cancelled.hash });

    expect(book.told.filter((line) => line.startsWith("use"))).to.deep.equal([
      `use ${hash("1")} 0 true 10`,
      `use ${hash("2")} 0 true 10`,
    ]);
  });

  it("reads all open requests again when the cancelled one is not in the book", async function () {
    const open = [request(hash("2"), ALICE, 7n), request(hash("3"), ALICE, 8n)];
    const { book, follower } = following({}, { openRequests: async () => open });

    await follower.apply({ ...AT, kind: "cancelled", signer: ALICE, orderHash: hash("1") });

    expect(book.told.filter((line) => line.startsWith("use"))).to.have.length(2);
  });

  it("on a rewind takes deals back first, then reads again whatever was read since", async function () {
    const touched = {
      ...{ orders: [ask(hash("1"), ALICE)], accounts: [ALICE], assets: [{ kind: "pool", id: 4n }] as const },
      allowances: [{ payer: BOB, requester: ALICE }],
    };
    const { book, deals, follower } = following(
      { consumed: async () => 3n, allowance: async () => 6n },
      { touchedSince: async () => touched, knowsAllowance: async () => true },
    );

    await follower.rewind(6);

    expect(deals.told).to.deep.equal(["rewind 6"]);
    expect(book.told).to.deep.equal([
      "asset pool 4 undefined 10",
      "judge asset pool 4",
      `account ${ALICE} 0 0 10`,
      `judge account ${ALICE}`,
      `allowance ${BOB} ${ALICE} 6 10`,
      `judge account ${BOB}`,
      `use ${hash("1")} 3 false 10`,
      `judge hash ${hash("1")}`,
    ]);
  });
});
