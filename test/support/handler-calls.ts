/** How often an invariant run called one function of a handler, as Hardhat's runner counts. */
type CallMetrics = {
  readonly calls: bigint;
  readonly reverts: bigint;
  /** Calls that found nothing to do, and said so by `vm.assume(false)`. */
  readonly discards: bigint;
};
type TestResult = {
  readonly name: string;
  readonly kind: { readonly metrics?: Readonly<Record<string, CallMetrics>> };
};
export type SuiteResult = { readonly id: { readonly name: string }; readonly testResults: readonly TestResult[] };

type Outcome = { readonly suiteResults: readonly SuiteResult[] };
/** What the task `test solidity` of Hardhat returns. */
export type SolidityTestsResult =
  { readonly success: true; readonly value: Outcome } | { readonly success: false; readonly error: Outcome };

export function suitesOf(result: SolidityTestsResult): readonly SuiteResult[] {
  return (result.success ? result.value : result.error).suiteResults;
}

/** The same result, as a failure. */
export function failed(result: SolidityTestsResult): SolidityTestsResult {
  return result.success ? { success: false, error: result.value } : result;
}

/**
 * One line for each function of a handler: how often it did what it is for, which for a cheat is to be refused with the
 * right error. A problem is a function that did so less than `least` times, or that reverted, which nothing there should.
 */
export function tableOfCalls(
  suites: readonly SuiteResult[],
  least: number,
): { readonly lines: readonly string[]; readonly problems: readonly string[] } {
  const lines: string[] = [];
  const problems: string[] = [];
  for (const { id, testResults } of suites) {
    for (const { name, kind } of testResults) {
      const rows = Object.entries(kind.metrics ?? {}).sort(([a], [b]) => a.localeCompare(b));
      if (rows.length > 0)
        lines.push("", `${id.name}.${name}: calls that did what they are for, reverted, had nothing to do`);
      for (const [called, { calls, reverts, discards }] of rows) {
        const fn = called.split(".").at(-1)!;
        const done = calls - reverts - discards;
        lines.push(`  ${fn.padEnd(32)}${[done, reverts, discards].map((count) => String(count).padStart(8)).join("")}`);
        if (done < least) problems.push(`${id.name}: ${fn} succeeded ${done} times, less than ${least}`);
        if (reverts > 0n) problems.push(`${id.name}: ${fn} reverted ${reverts} times`);
      }
    }
  }
  return { lines, problems };
}
