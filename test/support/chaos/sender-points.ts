import type { Intent } from "../../../chain/intent.ts";
import type { SenderChain } from "../../../chain/sender-chain.ts";
import type { SenderJournal } from "../../../chain/sender-journal.ts";

import { passing } from "./crash-points.ts";
import type { Move, Reached } from "./crash-points.ts";

/** What a transaction is for is the first word of its intent: `seal`, `match`… */
const actOf = (id: string): string => /^[a-z]+/.exec(id)![0];
const moveOf = (id: string, from: string, to: string): Move => ({ of: `${actOf(id)} transaction`, id, from, to });

/** A sender's journal with crash points around every move of an intent. @param acts raw transactions, and what each is for */
export function journalling(reached: Reached, journal: SenderJournal, acts: Map<string, string>): SenderJournal {
  const note = ({ id, attempts }: Intent): void => attempts.forEach(({ raw }) => acts.set(raw, id));
  return {
    ...journal,
    open: async (scope) => {
      const open = await journal.open(scope);
      open.forEach(note);
      return open;
    },
    add: async (scope, intent) => {
      note(intent);
      return passing(reached, [moveOf(intent.id, "-", "open")], () => journal.add(scope, intent));
    },
    update: async (scope, intent) => {
      note(intent);
      const from = (await journal.get(scope, intent.id))?.state ?? "-";
      const moves = from === intent.state ? [] : [moveOf(intent.id, from, intent.state)];
      return passing(reached, moves, () => journal.update(scope, intent));
    },
  };
}

/** A sender's chain with crash points around each transaction's leaving. */
export function broadcasting(reached: Reached, chain: SenderChain, acts: ReadonlyMap<string, string>): SenderChain {
  return {
    ...chain,
    broadcast: async (raw) => {
      const id = acts.get(raw);
      return passing(reached, id === undefined ? [] : [moveOf(id, "open", "sent")], () => chain.broadcast(raw));
    },
  };
}
