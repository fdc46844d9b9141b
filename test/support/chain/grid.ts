import { HDNodeWallet } from "ethers";
import type { JsonRpcApiProvider } from "ethers";

import { LOCAL_CHAIN_ID } from "../../../cli/parts/anvil.ts";
import { createCalls } from "../../../chain/calls.ts";
import type { GridCalls } from "../../../chain/calls.ts";
import { createMemoryJournal } from "../../../chain/memory-journal.ts";
import { createChainReader } from "../../../chain/reader.ts";
import type { ChainReader } from "../../../chain/reader.ts";
import { connectChain } from "../../../chain/rpc.ts";
import { createSenderChain } from "../../../chain/sender-chain.ts";
import { createSender } from "../../../chain/sender.ts";
import type { SenderOptions, TransactionSender } from "../../../chain/sender.ts";
import type { Deployment } from "../../../protocol/deployment.ts";
import { deployContracts } from "../../../scripts/deploy.ts";
import { testAnvil } from "../parts.ts";

/** Gridmill on an Anvil of its own, which mines when it is told to. */
export interface TestGrid extends AsyncDisposable {
  readonly url: string;
  /** Of the node. */
  readonly pid: number | undefined;
  readonly provider: JsonRpcApiProvider;
  readonly deployment: Deployment;
  readonly reader: ChainReader;
  readonly calls: GridCalls;
  /** Account `index` of Anvil, with 10,000 ether; account 0 has all MILL. */
  wallet(index: number): HDNodeWallet;
  /** A sender of that account. Journal: a new one in memory; no confirmations; 10 ms between two looks. */
  sender(index: number, changes?: Partial<SenderOptions>): TransactionSender;
  /** A block for every transaction, or only those of `mine`. */
  automine(isOn: boolean): Promise<void>;
  mine(blocks?: number): Promise<void>;
  /** Replaces the newest blocks by as many empty ones. */
  reorganise(depth: number): Promise<void>;
}

const PHRASE = "test test test test test test test test test test test junk";

/** Mines with every transaction at first. */
export async function startGrid(): Promise<TestGrid> {
  const anvil = await testAnvil();
  const provider = await connectChain({ rpcUrls: [anvil.url], chainId: LOCAL_CHAIN_ID });
  const wallet = (index: number): HDNodeWallet => HDNodeWallet.fromPhrase(PHRASE, "", `m/44'/60'/0'/0/${index}`);
  const send = async (method: string, ...params: readonly unknown[]): Promise<void> =>
    void (await provider.send(method, [...params]));

  await send("evm_setIntervalMining", 0);
  await send("evm_setAutomine", true);
  const deployment = await deployContracts(wallet(0).connect(provider), wallet(0).address);

  return {
    url: anvil.url,
    pid: anvil.pid,
    provider,
    deployment,
    reader: createChainReader(provider, deployment),
    calls: createCalls(deployment),
    wallet,
    sender: (index, changes = {}) =>
      createSender({
        chain: createSenderChain(provider),
        signer: wallet(index),
        journal: createMemoryJournal(),
        confirmations: 0,
        pollMs: 10,
        onError: () => {},
        ...changes,
      }),
    automine: (isOn) => send("evm_setAutomine", isOn),
    mine: (blocks = 1) => send("anvil_mine", `0x${blocks.toString(16)}`),
    reorganise: (depth) => send("anvil_reorg", depth, []),
    [Symbol.asyncDispose]: async () => {
      provider.destroy();
      await anvil.stop();
    },
  };
}
