import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

type Node = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
};
type CpuProfile = {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** Where time goes, by the innermost of these that a sample lies in; the first that fits. */
const PARTS: readonly (readonly [part: string, fits: RegExp])[] = [
  ["idle", /^\(idle\)/],
  ["garbage", /^\(garbage collector\)/],
  ["signing", /secp256k1|noble\/curves|SigningKey|verifyTypedData|verifyMessage/],
  ["hashing", /keccak|sha256|sha3|noble\/hashes|Hash\.update|node:internal\/crypto/],
  ["json", /^parse @|^stringify @|protocol\/json\.ts|\/zod\//],
  ["redis", /\/(ioredis|bullmq|redis-parser|cluster-key-slot|msgpackr)\//],
  ["chain", /\/ethers\/|\/(chain|scheduler\/chain)\//],
  ["http", /\/(fastify|ws|undici|find-my-way|pino|@fastify)\/|node:(internal\/)?(http|net|stream)/],
];

/** Shares of a process's CPU time, from what `node --cpu-prof` left in `folder`; what it idled is not counted. */
export async function sharesIn(folder: string): Promise<Readonly<Record<string, number>>> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile"));
  const profile = JSON.parse(await readFile(join(folder, file!), "utf8")) as CpuProfile;
  const parts = partsOf(profile.nodes);
  const spent = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const part = parts.get(id)!;
    spent.set(part, (spent.get(part) ?? 0) + profile.timeDeltas[index]!);
  });
  spent.delete("idle");
  const total = [...spent.values()].reduce((sum, time) => sum + time, 0);
  const byShare = [...spent].sort(([, a], [, b]) => b - a);
  return Object.fromEntries(byShare.map(([part, time]) => [part, Number((time / total).toFixed(3))]));
}

/** The part of every node: its own, or that of whoever called it. */
function partsOf(nodes: readonly Node[]): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parts = new Map<number, string>();
  const visit = (node: Node, inherited: string): void => {
    const { functionName, url } = node.callFrame;
    const name = `${functionName} @${url}`;
    const part = PARTS.find(([, fits]) => fits.test(name))?.[0] ?? (url.startsWith("file:") ? "scheduler" : inherited);
    parts.set(node.id, part);
    for (const child of node.children ?? []) visit(byId.get(child)!, part);
  };
  visit(nodes[0]!, "other");
  return parts;
}
