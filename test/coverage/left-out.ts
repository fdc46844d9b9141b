type LeftOut = { readonly what: string; readonly reason: string; readonly tests: readonly string[] };

const FILES = ["artifacts", "coverage", "gas", "mutation"];

/** Whole files that are not run. */
export const FILES_LEFT_OUT = FILES.map((name) => `test/contracts/${name}.test.ts`);

const WALLETS = "contract wallets that cheat (ERC-1271)";
const BURNERS = ["returnMib", "revertMib", "invalid", "endless", "selfDestruct"];

/**
 * Tests that count gas or seconds, by their full titles: code that is not optimised, and notes what it executes, needs more than
 * they allow. They are left out as they are. One that is renamed is run, and fails the measurement.
 */
const TESTS_LEFT_OUT: readonly LeftOut[] = [
  {
    what: "`wallet-attacks`: five wallets that burn gas or return too much",
    tests: BURNERS.map(
      (code) =>
        `${WALLETS} given a wallet that returns too much or burns its gas takes ${code} for a no, for at most 100,000 gas`,
    ),
    reason: "a request that is passed over may cost 130,000 gas; measured, it costs more",
  },
  {
    what: "`marketplace-skips`: a wallet that burns all gas",
    tests: [
      "Marketplace: what a batch leaves out leaves one out whose wallet burns all the gas that it is given, at its price",
    ],
    reason: "may cost 130,000 gas; measured, it costs more",
  },
  {
    what: "`hub-callbacks`: a settle with too little gas for its callback",
    tests: ["Hub: callbacks given too little gas reverts rather than starve the receiver"],
    reason: "350,000 gas reach to the callback; measured, they end before it",
  },
  {
    what: "`callback-attacks`: a receiver that opens a deal",
    tests: [
      "Hub: receivers of results that attack given a receiver that calls back, with every right that it can have settles, and opens the deal that a receiver matches in between",
    ],
    reason: "a receiver has 200,000 gas; measured, opening a deal needs more",
  },
  {
    what: "`limits`: 200 deals in one transaction",
    tests: ["the greatest and the least opens 200 deals in one transaction, whose gas is capped"],
    reason: "Ethereum caps the gas of a transaction; measured, the batch needs more",
  },
  {
    what: "`settlement-model`: random settles against a model",
    tests: ["a settle and its model come to the same, whoever votes what on which deals"],
    reason: "has a minute for 30 settles; and figures are to be the same in every run",
  },
];

/** What is not run, and why. */
export const LEFT_OUT: readonly Omit<LeftOut, "tests">[] = [
  { what: FILES.map((name) => `\`${name}\``).join(", "), reason: "about the code as it is shipped, or about tools" },
  ...TESTS_LEFT_OUT,
];

/** What mocha is given to pass them over: a regular expression. */
export function titlesLeftOut(): string {
  const titles = TESTS_LEFT_OUT.flatMap(({ tests }) => tests);
  return titles.map((title) => `^${title.replace(/[()]/g, "\\$&")}$`).join("|");
}
