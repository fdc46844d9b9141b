import type { Answer, Question } from "./faulty-node.ts";

/**
 * What a node says that is not so.
 * - `lags` it knows no block after `head` · `ahead` it claims a head that is `by` blocks higher
 * - `other chain` another chain id · `keeps back` no events at all in `eth_getLogs`
 * - `range` it refuses more than `most` blocks of events at once · `nonsense` every answer is the word banana
 * - `swallows` it takes transactions, and passes none on · `gas price` it asks for this many wei a gas
 */
export type Lie =
  | { readonly lie: "lags"; readonly head: number }
  | { readonly lie: "ahead"; readonly by: number }
  | { readonly lie: "other chain"; readonly chainId: number }
  | { readonly lie: "keeps back" }
  | { readonly lie: "range"; readonly most: number }
  | { readonly lie: "nonsense" }
  | { readonly lie: "swallows" }
  | { readonly lie: "gas price"; readonly wei: bigint };

type Ask = (questions: readonly Question[]) => Promise<readonly Answer[]>;

/** The node's answers, with the lies in them. */
export async function rewritten(
  questions: readonly Question[],
  lies: readonly Lie[],
  ask: Ask,
): Promise<readonly Answer[]> {
  const known = questions.map((question) =>
    lies.map((one) => instead(question, one)).find((said) => said !== undefined),
  );
  const real = await ask(questions.filter((_question, index) => known[index] === undefined).map(heard(lies)));
  return questions.map((question, index) => {
    const told = known[index] ?? real.find(({ id }) => id === question.id)!;
    return lies.reduce((answer, lie) => retold(question, answer, lie), { ...told, id: question.id } as Answer);
  });
}

/** What it says without asking anybody. */
function instead(question: Question, said: Lie): Answer | undefined {
  const inventions: Partial<Record<Lie["lie"], Invention>> = INVENTIONS[question.method] ?? {};
  const invented = said.lie === "nonsense" ? { result: "banana" } : inventions[said.lie]?.(said, question.params);
  return invented && { id: question.id, ...invented };
}

type Invention = (said: Lie, params: readonly unknown[]) => Omit<Answer, "id"> | undefined;

/** By method and lie. */
const INVENTIONS: Readonly<Record<string, Partial<Record<Lie["lie"], Invention>>>> = {
  eth_chainId: { "other chain": (said) => ({ result: quantity("chainId" in said ? said.chainId : 0) }) },
  eth_sendRawTransaction: { swallows: () => ({ result: `0x${"ab".repeat(32)}` }) },
  eth_blockNumber: { lags: (said) => ({ result: quantity(headOf(said)) }) },
  eth_getBlockByNumber: {
    lags: (said, [block]) => (Number(block) > headOf(said) ? { result: null } : undefined),
  },
  eth_getLogs: {
    "keeps back": () => ({ result: [] }),
    lags: (said, [range]) => (Number((range as Range).fromBlock) > headOf(said) ? { result: [] } : undefined),
    range: (said, [range]) =>
      "most" in said && lengthOf(range as Range) > said.most
        ? { error: { code: -32_005, message: "query returned more than 10000 results" } }
        : undefined,
  },
};

const headOf = (said: Lie): number => ("head" in said ? said.head : 0);

type Range = { readonly fromBlock: string; readonly toBlock: string };
const lengthOf = ({ fromBlock, toBlock }: Range): number => Number(toBlock) - Number(fromBlock) + 1;
const quantity = (value: number | bigint): string => `0x${value.toString(16)}`;

/** The question as a node that lags understands it: its newest block is an older one. */
const heard =
  (lies: readonly Lie[]) =>
  (question: Question): Question => {
    const lag = lies.find((one) => one.lie === "lags");
    if (!lag) return question;
    return { ...question, params: question.params.map((param) => (param === "latest" ? quantity(lag.head) : param)) };
  };

/** The answer, changed. */
function retold({ id, method }: Question, answer: Answer, said: Lie): Answer {
  if (said.lie === "ahead" && method === "eth_blockNumber") {
    return { id, result: quantity(Number(answer.result) + said.by) };
  }
  if (said.lie === "lags" && /Receipt$|ByHash$/.test(method)) {
    const mined = (answer.result as { readonly blockNumber?: string } | null)?.blockNumber;
    if (mined !== undefined && Number(mined) > said.head) return { id, result: null };
  }
  if (said.lie === "gas price") return dearer({ id, method }, answer, said.wei);
  return answer;
}

function dearer({ id, method }: Pick<Question, "id" | "method">, answer: Answer, wei: bigint): Answer {
  if (method === "eth_gasPrice" || method === "eth_maxPriorityFeePerGas") return { id, result: quantity(wei) };
  if (method !== "eth_getBlockByNumber" || answer.result === null) return answer;
  return { id, result: { ...(answer.result as object), baseFeePerGas: quantity(wei) } };
}
