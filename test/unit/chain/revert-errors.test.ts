import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";

import { INTERFACES } from "../../../chain/interfaces.ts";
import { decodeRevert, MEANINGS, revertError } from "../../../chain/revert-errors.ts";
import type { Hex } from "../../../protocol/primitives.ts";

const ME = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const dataOf = (contract: keyof typeof INTERFACES, name: string, args: readonly unknown[]): Hex =>
  INTERFACES[contract].encodeErrorResult(name, args) as Hex;

describe("revert errors", function () {
  it("reads a contract's error with its values by name, addresses in lower case", function () {
    const data = dataOf("hub", "HubNotOperator", [7n, ME]);

    expect(decodeRevert(data)).to.deep.equal({
      name: "HubNotOperator",
      args: { pool: 7n, caller: ME.toLowerCase() },
    });
  });

  it("reads what the language itself reverts with", function () {
    const builtIn = new Interface(["error Error(string)", "error Panic(uint256)"]);

    expect(decodeRevert(builtIn.encodeErrorResult("Error", ["why"]) as Hex)?.args).to.deep.equal({ message: "why" });
    expect(decodeRevert(builtIn.encodeErrorResult("Panic", [17n]) as Hex)?.args).to.deep.equal({ code: 17n });
  });

  it("reads nothing into other bytes", function () {
    const cut = dataOf("hub", "HubNotOperator", [7n, ME]).slice(0, 20) as Hex;

    for (const data of ["0x", "0x12345678", cut] as const) expect(decodeRevert(data)).to.equal(undefined);
  });

  it("gives errors that users meet their own code, with the values and a hint", function () {
    const error = revertError(dataOf("escrow", "EscrowInsufficientBalance", [ME, 5n, -7n]));

    expect(error).to.include({ code: "GM_NO_FUNDS", retryable: true });
    expect(error.details["args"]).to.deep.equal({ account: ME.toLowerCase(), balance: 5n, change: -7n });
    expect(error.hint).to.be.a("string");
  });

  it("spells out any other error", function () {
    const error = revertError(dataOf("hub", "HubEpochPending", [3n]));

    expect(error.code).to.equal("GM_CHAIN_REVERTED");
    expect(error.message).to.equal("The contract refused: HubEpochPending(epoch 3)");
  });

  it("knows no error that the contracts do not have", function () {
    const declared = new Set(
      Object.values(INTERFACES).flatMap((abi) =>
        abi.fragments.filter(({ type }) => type === "error").map((fragment) => (fragment as { name?: string }).name),
      ),
    );

    expect(Object.keys(MEANINGS).filter((name) => !declared.has(name))).to.deep.equal([]);
  });
});

describe("chain room", function () {
  it("has every ABI in use", function () {
    const source = readFileSync(join(import.meta.dirname, "../../../chain/interfaces.ts"), "utf8");
    const files = readdirSync(join(import.meta.dirname, "../../../chain/abi"));

    expect(files.filter((file) => !source.includes(`./abi/${file}`))).to.deep.equal([]);
  });
});
