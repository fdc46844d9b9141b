/** How many answers are remembered at a time. */
const MOST = 10_000;

/**
 * The same question is asked again only after a while. What could not be answered is asked again at once.
 * @param ms how long an answer serves, in milliseconds
 * @param serves whether an answer may be remembered at all
 */
export function rememberingFor<Q, A>(
  ms: number,
  ask: (question: Q) => Promise<A>,
  serves: (answer: A) => boolean = () => true,
): (question: Q) => Promise<A> {
  const known = new Map<Q, { readonly answer: Promise<A>; readonly until: number }>();

  async function fresh(question: Q): Promise<A> {
    let isOfUse = false;
    try {
      const answer = await ask(question);
      isOfUse = serves(answer);
      return answer;
    } finally {
      if (!isOfUse) known.delete(question);
    }
  }

  return (question) => {
    const now = performance.now();
    const found = known.get(question);
    if (found && now < found.until) return found.answer;
    if (known.size >= MOST) known.clear();
    const answer = fresh(question);
    known.set(question, { answer, until: now + ms });
    return answer;
  };
}
