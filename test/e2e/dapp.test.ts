import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import type { Address, Hash } from "../../protocol/primitives.ts";
import type { AnswerFate } from "../../sdk/dapps.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { linesOf, typeLines } from "../support/doc-script.ts";
import { bidOf, bidsFile, commitmentOf, exampleContract } from "../support/e2e-auction.ts";
import type { Bid } from "../support/e2e-auction.ts";
import { openPerson } from "../support/e2e-person.ts";
import type { Person } from "../support/e2e-person.ts";
import { startFileServer } from "../support/file-server.ts";
import type { FileServer, ServedFile } from "../support/file-server.ts";
import { REPOSITORY, withLocalMarket } from "../support/local-market.ts";
import { rpc } from "../support/rpc.ts";
import { tempDir } from "../support/temp-dir.ts";

const PAGE = readFileSync(join(REPOSITORY, "docs/dapp.md"), "utf8");
const ETHER = 10n ** 18n;
const DEPOSIT = ETHER;
/** What each contract gets to pay with. */
const BUDGET = 5n * ETHER;
const BIDDING_SECONDS = 600;
const FILE = "(bytes32,uint64,string)";

const fileWords = ({ sha256, bytes, url }: ServedFile): readonly string[] => [`0x${sha256}`, `${bytes}`, url];

describe("contracts that ask for computations", function () {
  const market = withLocalMarket(["--workers", "3"]);
  const people = new AsyncDisposableStack();
  after(() => people.disposeAsync());
  let files: FileServer;
  let seller: Person;
  let bidders: readonly Person[] = [];

  before(async function () {
    files = people.use(await startFileServer());
    const names = ["requester", "worker-1", "worker-2", "worker-3"];
    const opened = await Promise.all(names.map((name) => openPerson(market(), name)));
    for (const person of opened) people.use(person);
    [seller, ...bidders] = opened as [Person, ...Person[]];
  });

  it("works line by line as docs/dapp.md has it", async function () {
    const [up, ...others] = linesOf(PAGE);
    expect(up).to.equal("./gridmill up");

    const said = await typeLines(others, market().home);

    expect(said).to.match(/settled +used/);
    expect(said.trim().split("\n").at(-3)).to.equal("1003");
    expect(said.trim().split("\n").at(-1)).to.equal("3");
  });

  describe("given an oracle and an auction that ask side by side", function () {
    async function publish(folder: string): Promise<string> {
      const { code, json, stderr } = await market().run(["app", "publish", folder, "--yes"]);
      expect(code, stderr).to.equal(0);
      const { id } = json as { id: string };
      await seller.grid.apps.offer({ app: BigInt(id), price: 0n });
      return id;
    }

    /** An oracle whose sources say these things. */
    async function anOracle(app: string, texts: readonly string[]): Promise<Address> {
      const sources = JSON.stringify(texts.map(() => seller.address));
      const words = ["marketplace", app, `${ETHER}`, sources];
      const { address } = await seller.grid.contracts.deploy(await exampleContract("MedianOracle"), words);
      const publishing = texts.map((text, source) => {
        const file = fileWords(files.serve(text));
        return seller.grid.contracts.send(address, "publish(uint256,bytes32,uint64,string)", [`${source}`, ...file]);
      });
      await Promise.all([seller.grid.accounts.depositFor(address, BUDGET), ...publishing]);
      return address;
    }

    /** Puts an app's registration into a contract's hands. */
    const handOver = (app: bigint, to: Address) => {
      const words = [seller.address, to, `${app}`];
      const { appRegistry } = market().deployment.contracts;
      return seller.grid.contracts.send(appRegistry, "transferFrom(address,address,uint256)", words);
    };

    async function anAuction(app: string): Promise<Address> {
      const item = await seller.grid.apps.publish({
        reference: "registry.example/sold",
        digest: `0x${"5e".repeat(32)}`,
      });
      const { timestamp } = await rpc<{ timestamp: Hash }>(market().chainUrl, "eth_getBlockByNumber", [
        "latest",
        false,
      ]);
      const end = Number(timestamp) + BIDDING_SECONDS;
      const terms = [
        "appRegistry",
        `${item.id}`,
        `${ETHER / 10n}`,
        `${DEPOSIT}`,
        end,
        end + BIDDING_SECONDS,
        app,
        `${ETHER}`,
      ];
      const words = ["marketplace", JSON.stringify(terms)];
      const { address } = await seller.grid.contracts.deploy(await exampleContract("SealedBidAuction"), words);
      await Promise.all([seller.grid.accounts.depositFor(address, BUDGET), handOver(item.id, address)]);
      return address;
    }

    const commit = (auction: Address, bid: Bid) =>
      bid.person.grid.contracts.send(auction, "commit(bytes32)", [commitmentOf(bid)], DEPOSIT);

    /** Opens the deal that a contract asks for, waits for its end, and says what became of the answer. */
    async function answered(consumer: Address): Promise<{ taskId: Hash; fate: AnswerFate; exit: string }> {
      const [asked] = await seller.grid.dapps.asked(consumer);
      const offer = await seller.grid.dapps.prepare(asked!, []);
      const { dealId } = await seller.grid.dapps.open(asked!, offer, []);
      let exit = "";
      for await (const [task] of seller.grid.deals.watch(dealId)) exit = task!.status;
      const { tasks } = await seller.grid.deals.show(dealId);
      const fate = await seller.grid.dapps.fateOf(consumer, asked!.requestHash, 0);
      return { taskId: tasks[0]!.taskId, fate, exit };
    }

    const readOne = async (contract: Address, name: string, type: string): Promise<unknown> =>
      (await seller.grid.contracts.read(contract, `${name}() view returns (${type})`, []))[0];

    it("calls both back, survives answers that fail or cannot be used, and pays for what was computed", async function () {
      const [median, auctionApp] = await Promise.all([publish("apps/median"), publish("apps/auction")]);
      const GARBAGE = "no number\n";
      await seller.send(seller.calls.allowDeposit(4n * BUDGET));
      const [silent, doubtful, oracle, auction] = await Promise.all([
        anOracle(median, [GARBAGE, GARBAGE, GARBAGE]),
        anOracle(median, ["7\n", GARBAGE, GARBAGE]),
        anOracle(median, ["7\n", "8\n8\n", "12345678901\n"]),
        anAuction(auctionApp),
      ]);
      const bids = bidders.map((person, at) => bidOf(person, (BigInt(at) + 3n) * (ETHER / 10n)));
      const [low, middle, high] = bids as [Bid, Bid, Bid];
      for (const bid of bids) await commit(auction, bid);
      await rpc(market().chainUrl, "evm_increaseTime", [BIDDING_SECONDS + 1]);
      const left = files.serve(bidsFile(bids, [middle]));
      await Promise.all([
        ...[silent, doubtful, oracle].map((each) => seller.grid.contracts.send(each, "ask(uint256[])", ["[0,1,2]"])),
        seller.grid.contracts.send(auction, `askWinner(${FILE})`, [JSON.stringify(fileWords(left))]),
      ]);

      const ends = await Promise.all([silent, doubtful, oracle, auction].map(answered));

      expect(ends.map(({ exit, fate }) => [exit, fate])).to.deep.equal([
        ["settled", "none"],
        ["settled", "unusable"],
        ["settled", "used"],
        ["settled", "used"],
      ]);
      expect(await readOne(oracle, "latest", "uint64")).to.equal(8n);
      expect(String(await readOne(auction, "winner", "address")).toLowerCase()).to.equal(high.person.address);
      expect(await readOne(auction, "price", "uint256")).to.equal(low.amount);
      await expectResult(ends[3]!.taskId);
      await expectPutRight(auction, middle);
      expectBalanced(await readBooks(market().chainUrl, market().deployment));
    });

    /** The seller is the beneficiary of what its contract asked for. */
    async function expectResult(taskId: Hash): Promise<void> {
      await using dir = await tempDir();
      const { code, json, stderr } = await market().run([
        "task",
        "result",
        taskId,
        "--verify",
        "--out",
        join(dir.path, "r"),
      ]);
      expect(code, stderr).to.equal(0);
      expect(json).to.include({ verified: true, exitCode: 0 });
    }

    /** The bid that the seller left out of its file is brought by its bidder, and the winner pays more. */
    async function expectPutRight(auction: Address, bid: Bid): Promise<void> {
      await bid.person.grid.contracts.send(auction, "reveal(uint256,bytes32)", [`${bid.amount}`, bid.salt]);
      expect(await readOne(auction, "price", "uint256")).to.equal(bid.amount);
    }
  });
});
