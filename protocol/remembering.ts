/**
 * The same function, whose answers are remembered: for a pure one that is asked the same things again and again.
 * @param most how many answers are remembered at a time; beyond that it begins anew
 */
export function remembering<A>(answer: (question: string) => A, most = 1_000): (question: string) => A {
  const known = new Map<string, A>();
  return (question) => {
    const found = known.get(question);
    if (found !== undefined) return found;
    const fresh = answer(question);
    if (known.size >= most) known.clear();
    known.set(question, fresh);
    return fresh;
  };
}
