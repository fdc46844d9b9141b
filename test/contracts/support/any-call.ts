import { ParamType, dataSlice, hexlify } from "ethers";
import type { FunctionFragment } from "ethers";
import fc from "fast-check";

import { hash } from "./arbitraries.ts";

/** A call of some function, by whom, with which arguments. */
export type Call = { readonly from: string; readonly args: readonly unknown[] };

/** What arguments may be besides anything: values that mean something in the test's market. */
export type Meaningful = {
  readonly addresses: readonly string[];
  readonly words: readonly string[];
  readonly amounts: readonly bigint[];
  /** Structs, told apart by the names of their fields. */
  readonly structs: readonly object[];
};

/** Any value of an ABI type; in part one that means something. */
function anyOf(type: ParamType, values: Meaningful): fc.Arbitrary<unknown> {
  if (type.isArray()) return fc.array(anyOf(type.arrayChildren, values), { maxLength: 3 });
  if (type.isTuple()) return anyStruct(type, values);
  if (type.baseType === "address") return fc.constantFrom(...values.addresses);
  if (type.baseType === "bool") return fc.boolean();
  if (type.baseType === "string") return fc.string({ maxLength: 40 });
  return type.baseType.startsWith("bytes") ? anyBytes(type.baseType, values) : anyNumber(type.baseType, values);
}

function anyBytes(type: string, values: Meaningful): fc.Arbitrary<string> {
  if (type === "bytes") return fc.uint8Array({ maxLength: 100 }).map(hexlify);
  const length = Number(type.slice("bytes".length));
  return length === 32 ? anyWord(values) : hash.map((word) => dataSlice(word, 0, length));
}

function anyWord({ words }: Meaningful): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...words), hash);
}

function anyNumber(type: string, { amounts }: Meaningful): fc.Arbitrary<bigint> {
  const bits = BigInt(/\d+$/.exec(type)![0]);
  const min = type.startsWith("u") ? 0n : -(2n ** (bits - 1n));
  const max = min + 2n ** bits - 1n;
  const known = [min, 0n, 1n, max, ...amounts].filter((amount) => amount >= min && amount <= max);
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...known) }, fc.bigInt({ min, max }));
}

/** A struct that means something with one field changed, or one of arbitrary fields. */
function anyStruct(type: ParamType, values: Meaningful): fc.Arbitrary<unknown> {
  const fields = type.components!;
  const arbitrary = fc.record(Object.fromEntries(fields.map((field) => [field.name, anyOf(field, values)])));
  const known = values.structs.filter((struct) => fits(type, struct));
  if (known.length === 0) return arbitrary;
  const changed = fc
    .tuple(fc.constantFrom(...known), arbitrary, fc.constantFrom(...fields))
    .map(([struct, other, { name }]) => ({ ...struct, [name]: (other as Record<string, unknown>)[name] }));
  return fc.oneof({ weight: 2, arbitrary: changed }, arbitrary);
}

/** Whether the value has the fields of the type, and theirs have theirs. */
function fits(type: ParamType, value: unknown): boolean {
  if (!type.isTuple()) return value !== undefined;
  if (typeof value !== "object" || value === null) return false;
  const fields = Object.entries(value);
  return (
    fields.length === type.components.length &&
    type.components.every((field) => fits(field, value[field.name as never]))
  );
}

/** Any call of the function; where one is known that goes through, most of its arguments and its caller stay. */
export function anyCall(
  fn: FunctionFragment,
  callers: readonly string[],
  values: Meaningful,
  known?: Call,
): fc.Arbitrary<Call> {
  const args = fn.inputs.map((input, i) => mostly(known?.args[i], anyOf(ParamType.from(input), values)));
  return fc.record({
    from: mostly(known?.from, fc.constantFrom(...callers)) as fc.Arbitrary<string>,
    args: fc.tuple(...args),
  });
}

function mostly(usual: unknown, other: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return usual === undefined ? other : fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, other);
}

/** Every address within arguments. */
export function addressesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return /^0x[0-9a-fA-F]{40}$/.test(value) ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(addressesIn) : [];
}
