/**
 * The closed forms of the literature, by the letters that it uses: `f` share of saboteurs, `s` chance that one of them lies,
 * `q` rate of spot checks, `k` checks survived, `n` jobs a worker has done, `m` equal answers wanted.
 */

/** Error rate of m-first voting where each answer is wrong with chance `phi` and all wrong ones are equal. */
export function majorityError(phi: number, m: number): number {
  const draws = 2 * m - 1;
  let error = 0;
  for (let wrong = m; wrong <= draws; wrong++)
    error += choose(draws, wrong) * phi ** wrong * (1 - phi) ** (draws - wrong);
  return error;
}

/** Answers that it takes until `m` are equal, on average, where wrong ones are equal too. */
export function majorityRedundancy(phi: number, m: number): number {
  let draws = 0;
  // The last of m + other answers decides; before it, m - 1 of one kind and `other` of the other.
  for (let other = 0; other < m; other++) {
    const ways = choose(m - 1 + other, other);
    draws += (m + other) * ways * ((1 - phi) ** m * phi ** other + phi ** m * (1 - phi) ** other);
  }
  return draws;
}

/** Error rate of spot checks without voting, where who fails one is out and all its answers are thrown away. */
export function spotCheckError(f: number, s: number, q: number, n: number): number {
  const surviving = f * (1 - q * s) ** n;
  return (s * surviving) / (1 - f + surviving);
}

/** How likely a worker's answer is right. `isFinal`: who fails a check is out for good; else it comes back under another name. */
export function workerCredibility(f: number, k: number, isFinal: boolean): number {
  if (k === 0) return 1 - f;
  return isFinal ? 1 - f / ((1 - f) * k * Math.E) : 1 - f / k;
}

/** Odds of an answer of this credibility. */
export function oddsOf(credibility: number): number {
  return credibility / (1 - credibility);
}

/** How likely each group of equal answers is right, by the odds of its members. */
export function groupCredibilities(groups: readonly (readonly number[])[]): readonly number[] {
  const odds = groups.map((members) => members.reduce((product, each) => product * each, 1));
  const total = 1 + odds.reduce((sum, each) => sum + each, 0);
  return odds.map((each) => each / total);
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}
