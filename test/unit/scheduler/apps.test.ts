import { expect } from "chai";

import { failDigest, manifestOf } from "../../../protocol/digest.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import {
  afterCause,
  APP_STANDINGS,
  appAt,
  MOST_PROBES,
  newApp,
  REFUSED_MS,
  withProbe,
} from "../../../scheduler/domain/apps/app-standing.ts";
import type { AppRecord, AppStanding } from "../../../scheduler/domain/apps/app-standing.ts";
import { refusalOf } from "../../../scheduler/actions/refused-app.ts";
import { answersAwaited, verdictOf } from "../../../scheduler/domain/apps/answers.ts";
import { differingParts } from "../../../scheduler/domain/apps/differing.ts";
import { mayBeProbed, maySucceed } from "../../../scheduler/domain/apps/trial.ts";
import { place } from "../../../scheduler/domain/placement/placement.ts";
import type { Candidate } from "../../../scheduler/domain/placement/placement.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import { agreedTag, leasesWanted } from "../../../scheduler/domain/votes/votes-needed.ts";
import { aCandidate, addressOf, aDeal, aTask, aVote, DIGEST, GENESIS } from "../../support/scheduler-records.ts";

const NOW = 1_900_000_000_000;
const [ONE, TWO, THREE] = ["1", "2", "3"].map((digit): Hash => `0x${digit.repeat(64)}`) as [Hash, Hash, Hash];
const NEW = newApp({ image: `registry.example/app@sha256:${"ab".repeat(32)}`, app: "7" }, NOW);
const KNOWN = afterCause(NEW, "repeated", NOW);
const REFUSED = afterCause(NEW, "disputed", NOW, { taskId: ONE, files: ["frame.png", "log"] });

/** A probe of trust 2 with these answers, and one vote more that is out for each `undefined`. */
function probe(...digests: readonly (Hash | undefined)[]): TaskRecord {
  const votes = (taskId: Hash) =>
    digests.map((of, place) => aVote(taskId, addressOf(place), of ? "computed" : "running", of ? { of } : {}));
  return aTask({ state: "running", trial: "probe" }, { votes, deal: aDeal({ trust: 2 }) });
}

describe("apps on probation", function () {
  describe("how far a pool believes an app", function () {
    const moves: readonly (readonly [string, AppRecord, AppStanding])[] = [
      ["one that nobody has seen is on probation", NEW, "probation"],
      ["two equal answers are enough", KNOWN, "known"],
      ["three different ones are too", REFUSED, "refused"],
      ["one that is known stays so", afterCause(KNOWN, "disputed", NOW, { taskId: ONE, files: [] }), "known"],
      ["two equal answers of a refused one are heard too late", afterCause(REFUSED, "repeated", NOW), "refused"],
      ["the operator has the last word", afterCause(REFUSED, "allowed", NOW), "known"],
      ["it is refused until its time is over", appAt(REFUSED, NOW + REFUSED_MS - 1), "refused"],
      ["then it is on probation again", appAt(REFUSED, NOW + REFUSED_MS), "probation"],
    ];
    for (const [what, record, standing] of moves) {
      it(what, function () {
        expect(record.standing).to.equal(standing);
        expect(APP_STANDINGS).to.include(standing);
        expect(record.until !== undefined).to.equal(standing === "refused");
        expect(record.dispute !== undefined).to.equal(standing === "refused");
      });
    }

    it("says of a refused one which task, which files, until when, and what its author can do", function () {
      const { code, message, hint } = refusalOf(REFUSED);

      expect(code).to.equal("GM_APP_REFUSED");
      expect(message).to.equal(
        `App 7 does not repeat its own answers: three workers gave three different ones to task ${ONE}; they differ in frame.png, log. This pool refuses it until 2030-03-18T17:46Z`,
      );
      expect(hint).to.include(`gridmill app check ${NEW.image}`);
    });

    it("compares so many tasks of it at a time, and others once those are over", function () {
      const full = [ONE, TWO].reduce((app, taskId) => withProbe(app, taskId, []), NEW);

      expect(full.probes).to.deep.equal([ONE, TWO]).and.to.have.length(MOST_PROBES);
      expect(withProbe(full, THREE, [])).to.equal(full);
      expect(withProbe(full, ONE, [])).to.equal(full);
      expect(withProbe(full, THREE, [ONE]).probes).to.deep.equal([TWO, THREE]);
      expect(withProbe(KNOWN, THREE, [])).to.equal(KNOWN);
      expect(afterCause(full, "repeated", NOW).probes).to.deep.equal([]);
    });
  });

  describe("what the answers to one task tell", function () {
    const outOfTime = failDigest("time");
    const table: readonly (readonly [string, TaskRecord, ReturnType<typeof verdictOf>, number, number])[] = [
      ["none", probe(), undefined, 2, 2],
      ["one, and one is out", probe(ONE, undefined), undefined, 2, 0],
      ["two that are equal", probe(ONE, ONE), "repeated", 0, 0],
      ["two that differ: a third is asked", probe(ONE, TWO), undefined, 3, 1],
      ["two that differ, and the third is out", probe(ONE, TWO, undefined), undefined, 3, 0],
      ["two of three that are equal: one lied", probe(ONE, TWO, ONE), "repeated", 0, 0],
      ["three that differ", probe(ONE, TWO, THREE), "disputed", 4, 1],
      ["two that ran out of time say nothing of the app", probe(outOfTime, outOfTime), undefined, 0, 0],
      ["two that differ and one that ran out of time", probe(ONE, TWO, outOfTime), undefined, 4, 1],
    ];
    for (const [what, task, verdict, awaited, wanted] of table) {
      it(what, function () {
        expect(verdictOf(task)).to.equal(verdict);
        expect(answersAwaited(task)).to.equal(awaited);
        if (verdict === undefined && awaited > 0) expect(agreedTag(task)).to.equal(undefined);
        if (verdict === undefined && awaited > 0) expect(leasesWanted(task, [2n, 2n, 2n])).to.equal(wanted);
      });
    }

    it("three that differ decide nothing once their app is refused, however much one of them weighs", function () {
      const { votes, ...task } = probe(ONE, TWO, THREE);
      const heavy = { ...task, votes: votes.map((vote, place) => (place === 0 ? { ...vote, weight: "16" } : vote)) };

      expect(agreedTag({ ...heavy, trial: "told" })).to.equal(votes[0]!.tag);
      expect([
        agreedTag({ ...heavy, trial: "disputed" }),
        leasesWanted({ ...heavy, trial: "disputed" }, [2n]),
      ]).to.deep.equal([undefined, 0]);
    });

    it("as any other task it asks for no more than its requester does", function () {
      const { trial: _none, ...task } = probe(DIGEST);

      expect([answersAwaited(task), leasesWanted(task, [2n])]).to.deep.equal([0, 0]);
    });
  });

  describe("what is named of answers that differ", function () {
    const output = (files: Readonly<Record<string, string>>, exitCode = 0): string =>
      manifestOf(
        Object.entries(files).map(([path, digit]) => ({ path, bytes: 1, sha256: digit.repeat(64) })),
        exitCode,
      );
    const same = { same: "a" };
    const names = Array.from({ length: 10 }, (_unused, index) => `file ${index}`);
    const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      ["nothing where nothing differs", [output(same), output(same)], []],
      ["a file", [output({ ...same, b: "1" }), output({ ...same, b: "2" })], ["b"]],
      ["a file that one alone has, of three", [output(same), output(same), output({ ...same, c: "1" })], ["c"]],
      ["the end", [output(same), output(same, 3)], ["how it ended"]],
      ["a failure", [output({ a: "1" }), output({ a: "2" }), "fail disk\n"], ["a", "how it ended"]],
      [
        "eight files at most",
        [output({}), output(Object.fromEntries(names.map((name) => [name, "1"])))],
        [...names.slice(0, 8), "2 more"],
      ],
      ["no name that turns a terminal round", [output({}), output({ "a\u202eb": "1" })], ["a?b"]],
      ["no name that is none", [output({}), output({ "../up": "1" })], ["a file without a good name"]],
      ["no longer name than fits", [output({}), output({ ["x".repeat(300)]: "1" })], [`${"x".repeat(100)}…`]],
    ];
    for (const [what, texts, parts] of table) {
      it(what, function () {
        expect(differingParts(texts)).to.deep.equal(parts);
      });
    }
  });

  describe("who computes the first tasks", function () {
    const demand = {
      requirements: aDeal().requirements,
      platform: "linux/amd64",
      sameMachineVotes: false,
      now: GENESIS,
    };
    const fresh = aTask({}, { deal: aDeal({ trust: 2 }) });
    const [one, two, newcomer] = [aCandidate(1), aCandidate(2), aCandidate(3, { grade: "probation" })];
    const busy = { ...two, slots: 1, busy: [fresh.terms.limits] };
    const among = (...workers: readonly Candidate[]) => place(fresh, demand, workers);
    const QUARTER = 750;

    it("two trusted workers on different machines, where there are two, now or soon", function () {
      expect(mayBeProbed(fresh, among(one, two), GENESIS)).to.equal(true);
      expect(mayBeProbed(fresh, among(one, busy), GENESIS)).to.equal(true);
      expect(mayBeProbed(fresh, among(one, newcomer), GENESIS)).to.equal(false);
      expect(mayBeProbed(fresh, among(one, { ...two, machine: one.machine }), GENESIS)).to.equal(false);
      expect(mayBeProbed(fresh, among(one, { ...two, cover: 0n, freeCover: 0n }), GENESIS)).to.equal(false);
      expect(mayBeProbed(probe(ONE), among(one, two), GENESIS)).to.equal(false);
      const inFront = { ...newcomer, machine: two.machine, speed: two.speed * 4 };
      expect(among(one, busy, inFront).inReach, "the newcomer hides who is busy").to.not.include(busy);
      expect(mayBeProbed(fresh, among(one, busy, inFront), GENESIS)).to.equal(true);
    });

    it("until a quarter of the deal's time is over, to the second", function () {
      expect(mayBeProbed(fresh, among(one, two), GENESIS + QUARTER)).to.equal(true);
      expect(mayBeProbed(fresh, among(one, two), GENESIS + QUARTER + 1)).to.equal(false);
      const [begun, waiting] = [probe(ONE, undefined), { ...fresh, trial: "probe" as const }];
      expect(maySucceed(begun, among(), GENESIS + QUARTER + 1), "who has begun is waited for").to.equal(true);
      expect(maySucceed(waiting, among(one, two), GENESIS + QUARTER + 1)).to.equal(false);
      expect(maySucceed(probe(ONE), among(), GENESIS), "nobody is left").to.equal(false);
    });

    it("and nobody else, while a trusted one can", function () {
      const asked = { ...fresh, trial: "probe" as const };
      const clauses = (...workers: readonly Candidate[]) =>
        place(asked, demand, workers).refused.map(({ worker, exclusions }) => [worker, exclusions[0]!.clause]);

      expect(clauses(one, two, newcomer)).to.deep.equal([[newcomer.worker, "app"]]);
      expect(clauses(busy, newcomer)).to.deep.equal([
        [busy.worker, "slots"],
        [newcomer.worker, "app"],
      ]);
      expect(clauses({ ...one, cover: 0n, freeCover: 0n }, newcomer)).to.deep.equal([[one.worker, "bond"]]);
      expect(place(fresh, demand, [one, newcomer]).refused).to.deep.equal([]);
    });

    it("never two of one machine, though the pool has all votes on one", function () {
      const asked = { ...fresh, trial: "probe" as const };
      const beside = { ...two, machine: one.machine };

      expect(place(asked, { ...demand, sameMachineVotes: true }, [one, beside]).ranked).to.have.length(1);
      expect(place(fresh, { ...demand, sameMachineVotes: true }, [one, beside]).ranked).to.have.length(2);
    });
  });
});
