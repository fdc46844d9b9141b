import { expect } from "chai";
import { pino } from "pino";

import type { Checkpoint } from "../../../chain/checkpoint.ts";
import type { EventSource } from "../../../chain/event-source.ts";
import type { GridEvent } from "../../../chain/events.ts";
import { createMemoryCheckpoint } from "../../support/chain/memory-checkpoint.ts";
import { followChain } from "../../../market/chain/follow-chain.ts";
import type { ChainEvent } from "../../../market/domain/chain-events.ts";
import { NodeBehindError } from "../../../market/domain/errors.ts";
import type { Hash } from "../../../protocol/primitives.ts";

const hash = (digit: string): Hash => `0x${digit.repeat(64)}`;
const ALICE = `0x${"a".repeat(40)}` as const;

/** A block with two events on the branch `name`. */
const eventsOf = (name: string): readonly GridEvent[] =>
  [0, 1].map((logIndex) => ({
    kind: "CounterRaised",
    signer: ALICE,
    counter: 1n,
    blockNumber: 2,
    blockHash: hash(name),
    transactionHash: hash(name),
    logIndex,
  }));

/** A chain of two blocks, the second of which is replaced by an empty one when `reorganise` is called. */
function chainOfTwo(): { readonly source: EventSource; readonly reorganise: () => void } {
  let branch = "b";
  const blockHash = (block: number): Hash => hash(block < 2 ? "a" : branch);
  return {
    reorganise: () => (branch = "c"),
    source: {
      head: async () => 2,
      blockHash: async (block) => blockHash(block),
      read: async (from, to) => ({
        events: from <= 2 && to >= 2 && branch === "b" ? eventsOf(branch) : [],
        parentHash: blockHash(from - 1),
        lastHash: blockHash(to),
      }),
    },
  };
}

describe("followChain", function () {
  it("takes back what a failed round left, though its block is replaced before the next", async function () {
    const { source, reorganise } = chainOfTwo();
    const stop = new AbortController();
    const book: string[] = [];
    const first: Checkpoint = { block: 1, hash: hash("a"), trail: [] };
    const follower = {
      async apply({ blockNumber, logIndex }: ChainEvent) {
        if (logIndex === 0) return void book.push(`${blockNumber}`);
        reorganise();
        throw new NodeBehindError("not yet");
      },
      rewind: async (toBlock: number) =>
        void book.splice(0, book.length, ...book.filter((at) => Number(at) <= toBlock)),
      sweep: async () => {},
    };

    await followChain(
      {
        source,
        follower,
        checkpoint: createMemoryCheckpoint(first),
        startBlock: 1,
        confirmations: 0,
        pollMs: 1,
        lead: async () => true,
        quarantine: async () => {},
        onProgress: () => stop.abort(),
        logger: pino({ level: "silent" }),
      },
      stop.signal,
    );

    expect(book).to.deep.equal([]);
  });
});
