import { expect } from "chai";

import type { Node } from "../support/solidity-ast.ts";
import { mutantsOf, nameOf, sampled } from "../mutation/mutants.ts";
import type { Mutant } from "../mutation/mutants.ts";
import { parse, sourcesOf } from "../support/solc.ts";
import { readSurvivors, staleSurvivors } from "../mutation/survivors.ts";

const FILE = "contracts/Toll.sol";

/** One line for each sort of change. */
const SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

struct Fee {
    uint256 fixedPart;
    uint256 rate; // of 1 && of 2
    address taker;
}

contract Toll {
    event Paid(address payer);
    error TollTooLow(uint256 paid);

    uint256 public constant WAIT = 1 days;
    mapping(address payer => mapping(address taker => uint256)) public paid;

    function pay(Fee calldata fee, address payer, address taker) external payable {
        if (msg.value < fee.rate) revert TollTooLow(msg.value);
        paid[payer][taker] += msg.value;
        for (uint256 i; i != 3; ++i) {
            emit Paid(payer);
        }
        string memory text = "1 + 1 && true";
        emit Paid(address(uint160(bytes(text).length)));
    }
}
`;

/** What becomes of the only line that holds this text. */
function changesOf(mutants: readonly Mutant[], text: string): readonly string[] {
  return mutants.filter(({ before }) => before.includes(text)).map(({ after }) => after);
}

describe("mutants", function () {
  const mutants = mutantsOf(FILE, SOURCE, parse(new Map([[FILE, SOURCE]])));

  it("change operators, conditions and fields", function () {
    expect(changesOf(mutants, "if (")).to.have.members([
      "if (msg.value <= fee.rate) revert TollTooLow(msg.value);",
      "if (msg.value > fee.rate) revert TollTooLow(msg.value);",
      "if (!(msg.value < fee.rate)) revert TollTooLow(msg.value);",
      "if (false) revert TollTooLow(msg.value);",
      "if (msg.value < fee.fixedPart) revert TollTooLow(msg.value);",
    ]);
  });

  it("delete statements, and take one parameter for another", function () {
    expect(changesOf(mutants, "+= msg.value")).to.have.members([
      "paid[payer][taker] -= msg.value;",
      "paid[payer][taker] = msg.value;",
      "paid[taker][payer] += msg.value;",
      "paid[taker][taker] += msg.value;",
      "paid[payer][payer] += msg.value;",
      "0;",
    ]);
    expect(changesOf(mutants, "emit Paid(payer)")).to.have.members(["emit Paid(taker);", "0;"]);
  });

  it("change constants by one, and the end of a loop but not its step", function () {
    expect(changesOf(mutants, "WAIT")).to.have.members([
      "uint256 public constant WAIT = 0 days;",
      "uint256 public constant WAIT = 2 days;",
    ]);
    expect(changesOf(mutants, "for (")).to.have.members([
      "for (uint256 i; i == 3; ++i) {",
      "for (uint256 i; i != 2; ++i) {",
      "for (uint256 i; i != 4; ++i) {",
    ]);
  });

  it("leave comments and texts alone", function () {
    expect(changesOf(mutants, "of 1")).to.deep.equal([]);
    expect(changesOf(mutants, "1 + 1")).to.deep.equal([]);
  });

  it("hold the change in their source and nothing else", function () {
    const [mutant] = mutants.filter(({ after }) => after.includes("= 2 days"));

    expect(mutant).to.include({ line: 14, kind: "constant" });
    expect(mutant!.source).to.equal(SOURCE.replace("1 days", "2 days"));
  });

  it("are sampled as the seed says, of all kinds alike", function () {
    const take = (seed: string): readonly string[] => [...sampled(mutants, seed)].map(nameOf);
    const kinds = new Set(mutants.map(({ kind }) => kind));

    expect(take("1")).to.deep.equal(take("1")).and.not.to.deep.equal(take("2"));
    expect(take("1")).to.have.members(mutants.map(nameOf));
    expect(new Set([...sampled(mutants, "1")].slice(0, kinds.size).map(({ kind }) => kind))).to.deep.equal(kinds);
  });

  it("are there for every survivor that is explained", function () {
    const survivors = readSurvivors();
    const sources = sourcesOf([...new Set(survivors.map(({ file }) => file))]);
    const trees = sources.size > 0 ? parse(sources) : new Map<string, Node>();
    const all = [...sources].flatMap(([file, source]) => mutantsOf(file, source, trees));

    expect(staleSurvivors(survivors, all)).to.deep.equal([]);
    expect(
      staleSurvivors([{ file: FILE, before: "gone;", after: "0;", reason: "of a line that is gone" }], all),
    ).to.have.length(1);
  });
});
