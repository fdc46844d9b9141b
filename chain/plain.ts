import type { ParamType } from "ethers";

/** ABI values as ethers decodes them, in plain form all the way down: structs become objects, lists arrays. */
export function plainArgs(params: readonly ParamType[], values: Iterable<unknown>): Record<string, unknown> {
  const list = [...values];
  return Object.fromEntries(params.map((param, index) => [param.name, plainValue(param, list[index])]));
}

function plainValue(param: ParamType, value: unknown): unknown {
  if (param.isTuple()) return plainArgs(param.components, value as Iterable<unknown>);
  if (param.isArray()) return [...(value as Iterable<unknown>)].map((item) => plainValue(param.arrayChildren, item));
  return value;
}
