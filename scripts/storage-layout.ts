/**
 * Writes `snapshots/storage-layout.txt`: where each contract keeps what. Our contracts are immutable, so it guards the
 * packing of slots, not upgrades.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CONTRACTS, artifactOf } from "./export-abi.ts";

type Variable = { readonly label: string; readonly offset: number; readonly slot: string; readonly type: string };
type Type = { readonly label: string; readonly numberOfBytes: string; readonly members?: readonly Variable[] };
type Layout = { readonly storage: readonly Variable[]; readonly types: Readonly<Record<string, Type>> | null };
type BuildOutput = {
  readonly output: {
    readonly contracts: Readonly<Record<string, Readonly<Record<string, { readonly storageLayout: Layout }>>>>;
  };
};

const root = join(import.meta.dirname, "..");
const target = join(root, "snapshots", "storage-layout.txt");

/** The print of all contracts, from what is compiled now. */
export async function renderStorageLayout(): Promise<string> {
  const parts: string[] = [];
  for (const contract of Object.keys(CONTRACTS)) parts.push(await renderContract(contract));
  return `${parts.join("\n")}`;
}

async function renderContract(contract: string): Promise<string> {
  const { buildInfoId, inputSourceName } = await artifactOf(contract);
  const path = join(root, "artifacts", "build-info", `${buildInfoId}.output.json`);
  const { output } = JSON.parse(await readFile(path, "utf8")) as BuildOutput;
  const { storage, types } = output.contracts[inputSourceName]![contract]!.storageLayout;
  const known = types ?? {};
  const structs = Object.values(known).filter(({ members }) => members !== undefined);
  structs.sort((a, b) => (a.label < b.label ? -1 : 1));
  return [
    contract,
    ...storage.map((variable) => renderVariable(variable, known)),
    ...structs.flatMap(({ label, numberOfBytes, members = [] }) => [
      `  ${label} (${numberOfBytes} bytes)`,
      ...members.map((member) => `  ${renderVariable(member, known)}`),
    ]),
    "",
  ].join("\n");
}

function renderVariable({ label, slot, offset, type }: Variable, types: Readonly<Record<string, Type>>): string {
  return `  ${slot}+${offset} ${label}: ${types[type]?.label ?? type}`;
}

if (import.meta.main) {
  await mkdir(join(root, "snapshots"), { recursive: true });
  await writeFile(target, await renderStorageLayout());
}
