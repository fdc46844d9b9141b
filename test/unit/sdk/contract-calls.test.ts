import { expect } from "chai";
import { AbiCoder, id, Interface } from "ethers";

import { BadInputError } from "../../../protocol/errors.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { encodeCall, encodeDeploy, parseArtifact, parseFunction } from "../../../sdk/contract-calls.ts";

const addressOf = (digit: number): Address => `0x${String(digit).repeat(40)}`;
const CONTRACTS = {
  ...{ token: addressOf(1), escrow: addressOf(2), appRegistry: addressOf(3), datasetRegistry: addressOf(4) },
  ...{ poolRegistry: addressOf(5), marketplace: addressOf(6), hub: addressOf(7) },
};
const coder = AbiCoder.defaultAbiCoder();

const callOf = (signature: string, ...words: readonly string[]): string =>
  encodeCall(parseFunction(signature), words, CONTRACTS);

describe("a call from words", function () {
  it("is what the ABI says", function () {
    const expected = id("f(uint256,string,bool)").slice(0, 10) + coder.encode(["uint256", "string", "bool"], [7, "x", true]).slice(2); // prettier-ignore

    expect(callOf("f(uint256,string,bool)", "7", "x", "true")).to.equal(expected);
    expect(callOf("function f(uint256 a, string b, bool c) external returns (uint8)", "7", "x", "true")).to.equal(
      expected,
    );
  });

  it("takes lists and structs as JSON, with numbers of any size as text", function () {
    const big = `${2n ** 255n}`;
    const data = callOf("f((uint256,bytes32)[],uint8[2])", `[["${big}","0x${"ab".repeat(32)}"]]`, "[1,2]");

    const decoded = new Interface(["function f((uint256,bytes32)[],uint8[2])"]).decodeFunctionData("f", data);
    expect(decoded.toArray(true)).to.deep.equal([[[2n ** 255n, `0x${"ab".repeat(32)}`]], [1n, 2n]]);
  });

  it("knows Gridmill's own contracts by name, wherever an address stands, and nowhere else", function () {
    const data = callOf(
      "f(address,(address,string),address[])",
      "hub",
      '["escrow","hub"]',
      `["${addressOf(9)}","token"]`,
    );

    const [first, struct, list] = new Interface(["function f(address,(address,string),address[])"])
      .decodeFunctionData("f", data)
      .toArray(true) as [string, string[], string[]];
    expect(first).to.equal(CONTRACTS.hub);
    expect(struct).to.deep.equal([CONTRACTS.escrow, "hub"]);
    expect(list).to.deep.equal([addressOf(9), CONTRACTS.token]);
  });

  it("is refused, with what is wanted, where the words do not fit", function () {
    const wrong: readonly (readonly [string, ...string[]])[] = [
      ["f(uint256)"],
      ["f(uint256)", "1", "2"],
      ["f(uint256)", "one"],
      ["f(uint8)", "256"],
      ["f(uint8[])", "1"],
      ["f(uint8[])", "1,2"],
      ["f(address)", "nobody"],
      ["f((uint8,uint8))", "[1]"],
      ["f(", "1"],
    ];
    for (const [signature, ...words] of wrong) {
      expect(() => callOf(signature, ...words), `${signature} ${words.join(" ")}`).to.throw(BadInputError);
    }
  });
});

describe("a contract from its artifact", function () {
  const abi = [{ type: "constructor", inputs: [{ name: "market", type: "address" }], stateMutability: "nonpayable" }];
  const created = `0x6001${coder.encode(["address"], [CONTRACTS.marketplace]).slice(2)}`;

  it("is its bytecode and the arguments of its constructor, whoever compiled it", function () {
    const hardhat = parseArtifact(JSON.stringify({ abi, bytecode: "0x6001" }));
    const foundry = parseArtifact(JSON.stringify({ abi, bytecode: { object: "0x6001" } }));

    expect(encodeDeploy(hardhat, ["marketplace"], CONTRACTS)).to.equal(created);
    expect(encodeDeploy(foundry, ["marketplace"], CONTRACTS)).to.equal(created);
    expect(() => encodeDeploy(hardhat, [], CONTRACTS)).to.throw(BadInputError);
  });

  it("is refused where the file is none", function () {
    for (const text of ["", "{}", JSON.stringify({ abi }), JSON.stringify({ abi, bytecode: "6001" })]) {
      expect(() => parseArtifact(text), text).to.throw(BadInputError);
    }
  });
});
