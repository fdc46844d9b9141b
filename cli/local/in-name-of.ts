import { dirname, join } from "node:path";

import { createFileJournal } from "../../chain/node/file-journal.ts";
import { connect } from "../../sdk/grid.ts";
import type { Grid } from "../../sdk/grid.ts";

import { readIfThere } from "../home.ts";
import { openKey } from "../keystore.ts";
import type { CliNetwork } from "../networks.ts";

import type { LocalPaths } from "./paths.ts";

/** Does something with the key of one of the local accounts. */
export async function inNameOf<T>(
  paths: LocalPaths,
  network: CliNetwork,
  name: string,
  work: (grid: Grid) => Promise<T>,
): Promise<T> {
  const passphrase = ((await readIfThere(paths.passphrase)) ?? "").trim();
  const signer = await openKey(paths.keys, name, passphrase);
  const journal = createFileJournal({ dir: join(dirname(paths.keys), "journals") });
  const { keys: _keys, imageRegistry: _registry, ...sdkNetwork } = network;
  await using grid = await connect({ network: sdkNetwork, signer, journal });
  return await work(grid);
}
