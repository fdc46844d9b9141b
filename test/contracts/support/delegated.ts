import { ethers } from "./chain.ts";
import type { Market } from "./market.ts";
import { FUNDS } from "./market.ts";

/** An account with a key of its own. */
export type Key = InstanceType<typeof ethers.Wallet>;

/** A key with ether, and tokens in the escrow. */
export async function fundedKey(market: Market, name: string): Promise<Key> {
  const key = new ethers.Wallet(ethers.id(name), ethers.provider);
  await ethers.provider.send("hardhat_setBalance", [key.address, ethers.toQuantity(10n ** 20n)]);
  await market.escrow.connect(market.holder).depositFor(key, FUNDS);
  return key;
}

/** Has the key's account run the code of `target` from now on (EIP-7702), by a transaction that anybody may send. */
export async function delegate(market: Market, key: Key, target: string): Promise<void> {
  const nonce = await ethers.provider.getTransactionCount(key.address);
  const sender = new ethers.Wallet(ethers.id("sends delegations"), ethers.provider);
  await ethers.provider.send("hardhat_setBalance", [sender.address, ethers.toQuantity(10n ** 20n)]);
  const authorization = await key.authorize({ address: target, nonce, chainId: market.orderDomain.chainId });
  await sender.sendTransaction({ type: 4, to: sender.address, authorizationList: [authorization], gasLimit: 200_000n });
}
