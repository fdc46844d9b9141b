import { failReasonOf } from "../../protocol/digest.ts";
import { isFinal } from "../../sdk/deals.ts";
import type { TaskView } from "../../sdk/deals.ts";
import type { Address } from "../../protocol/primitives.ts";

import type { Printer } from "../print.ts";

/** What things are called on a board. */
type BoardWords = {
  /** `task`, or what the tasks of an app are. */
  readonly task: string;
  readonly nameOf: (worker: Address) => string;
  /** Whether changes are noted where there is no terminal to show them on. */
  readonly notes: boolean;
};

/** Where the tasks of a deal stand, for whoever watches: a line a task on a terminal, a line a change elsewhere. */
interface Board extends Disposable {
  /** A task is new, or has changed. */
  tell(task: TaskView): void;
  /** Something about all of them. */
  say(text: string): void;
}

const TICK_MS = 1_000;

export function createBoard(printer: Printer, words: BoardWords): Board {
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s`;
  const tasks = new Map<number, TaskView>();
  let said = "";
  const draw = (): void => {
    const lines = [...tasks.values()].sort((a, b) => a.index - b.index).map((task) => lineOf(task, words));
    printer.progress([...lines, `${seconds()}  ${said}`]);
  };
  const note = (texts: readonly string[]): void => {
    if (words.notes && !printer.live) for (const text of texts) printer.note(`${seconds()}  ${text}`);
  };
  const ticking = printer.live ? setInterval(draw, TICK_MS) : undefined;
  return {
    tell(task) {
      note(changesOf(tasks.get(task.index), task, words));
      tasks.set(task.index, task);
      draw();
    },
    say(text) {
      said = text;
      note([text]);
      draw();
    },
    [Symbol.dispose]: () => clearInterval(ticking),
  };
}

const TASK_WORDS: Partial<Record<TaskView["status"], string>> = {
  agreed: "enough votes agree",
  sealed: "the votes are sealed on chain",
  settled: "settled and paid on chain",
  declined: "declined, and refunded",
  claimed: "claimed back after its deadline",
};

type Vote = TaskView["votes"][number];

const VOTE_WORDS: Partial<Record<Vote["status"], string>> = {
  leased: "gets it",
  running: "computes",
  computed: "has a result",
  balloted: "has signed",
  opened: "has opened its vote",
  agree: "agrees",
  differ: "is outvoted",
  lost: "is gone",
  refused: "refuses",
  failed: "has failed",
};
/** What is worth a line of its own where nothing can be drawn over. */
const NOTED: readonly Vote["status"][] = ["running", "computed", "differ", "lost", "refused", "failed"];

/** What has changed since `before`, a line each. */
export function changesOf(
  before: TaskView | undefined,
  now: TaskView,
  { task, nameOf }: Pick<BoardWords, "task" | "nameOf">,
): readonly string[] {
  const name = `${task} ${now.index}`;
  const votes = newsOf(before, now).map((vote) => `${name}: ${nameOf(vote.worker)} ${wordOf(vote)}`);
  const word = before?.status === now.status ? undefined : endingOf(now);
  const waits = now.votes.length === 0 && now.waitingFor !== null && before?.waitingFor !== now.waitingFor;
  return [
    ...votes,
    ...(word === undefined ? [] : [`${name}: ${word}`]),
    ...(waits && !isFinal(now) ? [`${name} waits: ${now.waitingFor}`] : []),
  ];
}

/** The votes of which there is something else to say than before. */
function newsOf(before: TaskView | undefined, now: TaskView): readonly Vote[] {
  const said = new Set(before?.votes.map((vote) => `${vote.worker} ${wordOf(vote)}`));
  return now.votes.filter((vote) => NOTED.includes(vote.status) && !said.has(`${vote.worker} ${wordOf(vote)}`));
}

/** All about a task, in one line. */
export function lineOf(now: TaskView, { task, nameOf }: Pick<BoardWords, "task" | "nameOf">): string {
  const name = `${task} ${now.index}`;
  const ending = endingOf(now);
  if (isFinal(now)) return `${name}  ${ending ?? now.status}`;
  const votes = now.votes.map((vote) => `${nameOf(vote.worker)} ${wordOf(vote)}`);
  const waiting =
    votes.length === 0 ? `waits${now.waitingFor === null ? "" : `: ${now.waitingFor}`}` : votes.join(", ");
  return `${name}  ${ending === undefined ? waiting : `${ending}  (${waiting})`}`;
}

function endingOf({ status, digest }: TaskView): string | undefined {
  const reason = digest === null ? undefined : failReasonOf(digest);
  return reason === undefined ? TASK_WORDS[status] : `settled as failed (${reason})`;
}

function wordOf({ status, stage, code }: Vote): string {
  if (status === "running" && stage === "fetching") return "fetches";
  return (VOTE_WORDS[status] ?? status) + (code === undefined ? "" : ` (${code})`);
}
