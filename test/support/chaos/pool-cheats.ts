import type { Address } from "../../../protocol/primitives.ts";
import { createEpochStore } from "../../../scheduler/store/epoch-store.ts";
import type { EpochStore } from "../../../scheduler/store/epoch-store.ts";

/** One way for a scheduler to cheat: the real one, but for what it takes down of an epoch. */
export type PoolCheat = {
  readonly name: string;
  readonly epochs: (honest: EpochStore, cheated: () => void) => Partial<EpochStore>;
};

/** Every way in which a scheduler as a process cheats; what needs no more than the operator's key is in the test. */
export const POOL_CHEATS: readonly PoolCheat[] = [
  {
    name: "ignores a worker",
    epochs: (honest: EpochStore, cheated: () => void): Partial<EpochStore> => {
      let ignored: Address | undefined;
      return {
        addBallot: async (lane, epoch, ballot) => {
          ignored ??= ballot.worker;
          if (ballot.worker !== ignored) return honest.addBallot(lane, epoch, ballot);
          cheated();
          return false;
        },
      };
    },
  },
  {
    name: "opens nothing",
    epochs: (_honest: EpochStore, cheated: () => void): Partial<EpochStore> => ({
      addOpening: async () => cheated(),
    }),
  },
];

/** The epochs of a pool that cheats in this way. */
export function cheatingEpochs(name: string, cheated: () => void): typeof createEpochStore {
  const cheat = POOL_CHEATS.find((one) => one.name === name)!;
  return (...given) => {
    const honest = createEpochStore(...given);
    return { ...honest, ...cheat.epochs(honest, cheated) };
  };
}
