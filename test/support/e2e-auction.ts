import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { concat, getBytes, hexlify, sha256, toBeHex } from "ethers";

import type { Hex } from "../../protocol/primitives.ts";
import { parseArtifact } from "../../sdk/contract-calls.ts";
import type { Artifact } from "../../sdk/contract-calls.ts";

import type { Person } from "./e2e-person.ts";
import { REPOSITORY } from "./local-market.ts";

/** A bid as its bidder keeps it until it is opened. Amounts in wei. */
export type Bid = { readonly person: Person; readonly amount: bigint; readonly salt: Hex };

/** What `npm run compile` has made of an example. */
export async function exampleContract(name: "MedianOracle" | "SealedBidAuction"): Promise<Artifact> {
  const path = join(REPOSITORY, "artifacts/contracts/dapp", `${name}.sol`, `${name}.json`);
  return parseArtifact(await readFile(path, "utf8"));
}

export function bidOf(person: Person, amount: bigint): Bid {
  const salt = createHash("sha256").update(`${person.address} ${amount}`).digest("hex");
  return { person, amount, salt: `0x${salt}` };
}

export function commitmentOf({ person, amount, salt }: Bid): Hex {
  return sha256(concat([person.address, toBeHex(amount, 32), salt])) as Hex;
}

/** The file of bids that a seller puts together; `left` are those whose openings it leaves out. */
export function bidsFile(bids: readonly Bid[], left: readonly Bid[] = []): string {
  const lines = bids.map((bid) => {
    const words = [
      bid.person.address,
      commitmentOf(bid),
      ...(left.includes(bid) ? [] : [toBeHex(bid.amount, 32), bid.salt]),
    ];
    return `${words.map((word) => hexlify(getBytes(word)).slice(2)).join(" ")}\n`;
  });
  return lines.join("");
}
