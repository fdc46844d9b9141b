import { FunctionFragment, Interface } from "ethers";
import type { ParamType } from "ethers";
import { z } from "zod";

import { BadInputError } from "../protocol/errors.ts";
import type { Deployment } from "../protocol/deployment.ts";
import { HexSchema } from "../protocol/primitives.ts";
import type { Hex } from "../protocol/primitives.ts";

/** What a compiler writes of a contract: Hardhat's artifact, or Foundry's. */
const ArtifactSchema = z.object({
  abi: z.array(z.looseObject({ type: z.string() })),
  bytecode: z.union([HexSchema, z.object({ object: HexSchema }).transform(({ object }) => object)]),
});
export type Artifact = z.output<typeof ArtifactSchema>;

/** Arguments as somebody types them; see {@link encodeCall}. */
export type Words = readonly string[];

type Contracts = Deployment["contracts"];

const SIGNATURE_HINT =
  "Write it as in Solidity, such as 'transfer(address,uint256)' or 'latest() view returns (uint64)'";

/** @throws BadInputError */
export function parseArtifact(text: string): Artifact {
  try {
    return ArtifactSchema.parse(JSON.parse(text));
  } catch (cause) {
    const hint = "Name the JSON file that Hardhat (artifacts/) or Foundry (out/) wrote for the contract";
    throw new BadInputError("This is no compiled contract: it has no ABI, or no bytecode", { cause, hint });
  }
}

/** @throws BadInputError */
export function parseFunction(signature: string): FunctionFragment {
  try {
    return FunctionFragment.from(signature);
  } catch (cause) {
    throw new BadInputError(`${signature} is no function`, { cause, hint: SIGNATURE_HINT });
  }
}

/**
 * Calldata from words: numbers and bytes as they are, lists and structs as JSON, and for an address also the name of a
 * contract of Gridmill, such as `marketplace`.
 * @throws BadInputError
 */
export function encodeCall(fragment: FunctionFragment, words: Words, contracts: Contracts): Hex {
  const encode = (values: readonly unknown[]): string => new Interface([fragment]).encodeFunctionData(fragment, values);
  return encoded(fragment.inputs, words, contracts, encode);
}

/** The bytecode that creates a contract with these arguments of its constructor, by the rules of {@link encodeCall}. */
export function encodeDeploy({ abi, bytecode }: Artifact, words: Words, contracts: Contracts): Hex {
  const contract = new Interface(abi);
  return encoded(
    contract.deploy.inputs,
    words,
    contracts,
    (values) => bytecode + contract.encodeDeploy(values).slice(2),
  );
}

function encoded(
  types: readonly ParamType[],
  words: Words,
  contracts: Contracts,
  encode: (values: readonly unknown[]) => string,
): Hex {
  const wanted = types.map((type) => type.format("full")).join(", ") || "none";
  if (words.length !== types.length) {
    throw new BadInputError(`${words.length} arguments were given, and these are wanted: ${wanted}`, {
      hint: "Put quotes around an argument that holds blanks or brackets",
    });
  }
  try {
    return encode(words.map((word, at) => resolved(read(word, types[at]!), types[at]!, contracts))) as Hex;
  } catch (cause) {
    const hint = `Lists and structs are written as JSON, such as '[1,2]'; what is wanted: ${wanted}`;
    throw new BadInputError(`The arguments do not fit: ${(cause as Error).message}`, { cause, hint });
  }
}

function read(word: string, type: ParamType): unknown {
  return type.isArray() || type.isTuple() ? JSON.parse(word) : type.type === "bool" ? word === "true" : word;
}

function resolved(value: unknown, type: ParamType, contracts: Contracts): unknown {
  if (type.isArray()) return listOf(value).map((each) => resolved(each, type.arrayChildren, contracts));
  if (type.isTuple()) return listOf(value).map((each, at) => resolved(each, type.components[at]!, contracts));
  const named = type.type === "address" && Object.entries(contracts).find(([name]) => name === value);
  return named ? named[1] : value;
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("a list was expected");
}
