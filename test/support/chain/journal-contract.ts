import { expect } from "chai";
import { id as hashOf } from "ethers";

import type { Intent } from "../../../chain/intent.ts";
import type { SenderJournal } from "../../../chain/sender-journal.ts";
import { ZERO_ADDRESS } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";

export const SCOPE = "31337-abc-0xme";

export function intent(id: string, nonce: number, changes: Partial<Intent> = {}): Intent {
  const hash = hashOf(id) as Hash;
  return {
    id,
    nonce,
    call: { to: ZERO_ADDRESS, data: "0x1234", value: 5n },
    gasLimit: 21_000n,
    attempts: [{ hash, raw: "0x02", maxFeePerGas: 2n ** 70n, maxPriorityFeePerGas: 1n, signedAt: 1 }],
    state: "open",
    receipt: undefined,
    revertData: undefined,
    revision: 0,
    ...changes,
  };
}

export function finished(id: string, nonce: number): Intent {
  const hash = hashOf(id) as Hash;
  const log = { address: ZERO_ADDRESS, topics: [hash], data: "0x", transactionHash: hash, logIndex: 0 } as const;
  const receipt = { hash, blockNumber: 7, blockHash: hash, gasUsed: 1n, effectiveGasPrice: 2n };
  const logs = [{ ...log, blockNumber: 7, blockHash: hash }];
  return intent(id, nonce, { state: "succeeded", receipt: { ...receipt, logs } });
}

/** What every journal has to keep; `open` gives another view of the same data, as a second process has it. */
export function behavesLikeAJournal(open: () => SenderJournal): void {
  it("gives back what was added, down to the last digit", async function () {
    await open().add(SCOPE, finished("a", 3));

    expect(await open().get(SCOPE, "a")).to.deep.equal(finished("a", 3));
    expect(await open().byNonce(SCOPE, 3)).to.deep.equal(finished("a", 3));
  });

  it("keeps the first intent of an id", async function () {
    await open().add(SCOPE, intent("a", 0));

    const added = await open().add(SCOPE, intent("a", 1));

    expect(added).to.deep.equal({ kind: "known", intent: intent("a", 0) });
    expect(await open().nextNonce(SCOPE)).to.equal(1);
  });

  it("gives a nonce to one intent only", async function () {
    await open().add(SCOPE, intent("a", 0));

    expect(await open().add(SCOPE, intent("b", 0))).to.deep.equal({ kind: "nonce-taken" });
    expect(await open().get(SCOPE, "b")).to.equal(undefined);
  });

  it("lets one of many at the same time have a nonce", async function () {
    const names = Array.from({ length: 10 }, (_, index) => `${index}`);

    const added = await Promise.all(names.map((name) => open().add(SCOPE, intent(name, 0))));

    expect(added.filter(({ kind }) => kind === "added")).to.have.lengthOf(1);
  });

  it("lists the open ones by nonce", async function () {
    for (const one of [intent("c", 2), finished("b", 1), intent("a", 0)]) await open().add(SCOPE, one);

    expect((await open().open(SCOPE)).map(({ id }) => id)).to.deep.equal(["a", "c"]);
  });

  it("starts with nonce 0, and goes on after the highest", async function () {
    expect(await open().nextNonce(SCOPE)).to.equal(0);
    for (const one of [intent("a", 4), finished("b", 9)]) await open().add(SCOPE, one);

    expect(await open().nextNonce(SCOPE)).to.equal(10);
  });

  it("takes an update of the revision it has, and no other", async function () {
    await open().add(SCOPE, intent("a", 0));

    expect(await open().update(SCOPE, finished("a", 0))).to.equal(false);
    expect(await open().update(SCOPE, { ...finished("a", 0), revision: 1 })).to.equal(true);
    expect(await open().update(SCOPE, { ...intent("a", 0), revision: 1 })).to.equal(false);
    expect((await open().get(SCOPE, "a"))?.state).to.equal("succeeded");
    expect(await open().open(SCOPE)).to.deep.equal([]);
  });

  it("lists one that is opened again, until it ends again", async function () {
    await open().add(SCOPE, intent("a", 0));
    await open().update(SCOPE, { ...finished("a", 0), revision: 1 });

    await open().update(SCOPE, { ...intent("a", 0), revision: 2 });
    expect((await open().open(SCOPE)).map(({ id }) => id)).to.deep.equal(["a"]);

    await open().update(SCOPE, { ...finished("a", 0), revision: 3 });
    expect(await open().open(SCOPE)).to.deep.equal([]);
  });

  it("removes an intent of the revision it has, and no other", async function () {
    await open().add(SCOPE, intent("a", 0));

    expect(await open().remove(SCOPE, "a", 1)).to.equal(false);
    expect(await open().remove(SCOPE, "a", 0)).to.equal(true);
    expect(await open().get(SCOPE, "a")).to.equal(undefined);
  });

  it("keeps accounts apart", async function () {
    await open().add(SCOPE, intent("a", 0));

    expect(await open().get("another", "a")).to.equal(undefined);
    expect(await open().add("another", intent("b", 0))).to.deep.equal({ kind: "added" });
  });
}
