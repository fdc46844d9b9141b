import { z } from "zod";

import { BadConfigError } from "../protocol/errors.ts";
import { NetworkSchema as SdkNetworkSchema } from "../sdk/network.ts";

import { UnknownNetworkError } from "./errors.ts";
import { readIfThere, writePrivateJson } from "./home.ts";

/** The network that `gridmill up` makes. */
export const LOCAL_NETWORK = "local";

/** A network as `networks.json` describes it: what the SDK needs, and where the command finds keys and pushes images. */
const CliNetworkSchema = SdkNetworkSchema.extend({
  /** `host:port` of the registry that `run` and `app publish` push to. */
  imageRegistry: z.string().optional(),
  /** A folder of keystores that belong to this network alone, opened with one passphrase file. `up` writes it. */
  keys: z.strictObject({ folder: z.string(), passphraseFile: z.string(), account: z.string() }).optional(),
});
export type CliNetwork = z.output<typeof CliNetworkSchema>;

const NetworksSchema = z.record(z.string(), CliNetworkSchema);
type Networks = Readonly<z.output<typeof NetworksSchema>>;

/** @throws BadConfigError when the file is not what it should be; a missing file is an empty list. */
export async function readNetworks(file: string): Promise<Networks> {
  const text = await readIfThere(file);
  if (text === undefined) return {};
  const parsed = NetworksSchema.safeParse(jsonOf(text, file));
  if (parsed.success) return parsed.data;
  throw new BadConfigError(`${file} does not describe networks: ${z.prettifyError(parsed.error)}`, {
    hint: "See docs/cli.md, section Networks",
  });
}

/** @throws UnknownNetworkError | BadConfigError */
export async function findNetwork(file: string, name: string): Promise<CliNetwork> {
  const networks = await readNetworks(file);
  const network = networks[name];
  if (network) return network;
  const known = Object.keys(networks).join(", ") || "none";
  throw new UnknownNetworkError(`There is no network "${name}": known are ${known}`, {
    details: { name },
    hint:
      name === LOCAL_NETWORK
        ? "Start a market on this machine: gridmill up"
        : `Describe it in ${file}, or choose another with --network`,
  });
}

/** Adds or replaces one network. */
export async function saveNetwork(file: string, name: string, network: CliNetwork): Promise<void> {
  await writePrivateJson(file, { ...(await readNetworks(file)), [name]: network });
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadConfigError(`${file} is not JSON`, { cause, hint: "Correct it, or move it away" });
  }
}
