import { expect } from "chai";
import { id as hashOf } from "ethers";

import { advance } from "../../../chain/checkpoint.ts";
import type { Checkpoint } from "../../../chain/checkpoint.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";

const at = (block: number): { block: number; hash: Hash } => ({ block, hash: hashOf(`${block}`) as Hash });

/** The checkpoint after `blocks` blocks, saved one by one. */
function after(blocks: number): Checkpoint {
  let checkpoint: Checkpoint = { block: 0, hash: ZERO_HASH, trail: [] };
  for (let block = 1; block <= blocks; block++) checkpoint = advance(checkpoint, at(block));
  return checkpoint;
}

describe("checkpoint trail", function () {
  it("has the block before, and ever fewer of the older ones", function () {
    const { trail } = after(10_000);

    expect(trail[0]).to.deep.equal(at(9_999));
    expect(trail.length).to.be.within(8, 14);
  });

  it("always reaches back to the first block", function () {
    expect(after(10_000).trail.at(-1)).to.deep.equal(at(1));
  });

  it("has a block no more than four times as far back as any fork", function () {
    const { block: head, trail } = after(5_000);

    for (let depth = 1; depth < 2_000; depth++) {
      const common = trail.find(({ block }) => block <= head - depth)!;
      expect(head - common.block, `for a fork ${depth} deep`).to.be.at.most(4 * depth);
    }
  });
});
