import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { FAILURES } from "../support/e2e-failures.ts";
import { documentedTable } from "../support/failure-table.ts";

describe("docs/failures.md", function () {
  const page = readFileSync(join(import.meta.dirname, "../../docs/failures.md"), "utf8");

  it("has the rows of the table that the end-to-end tests hold the product to", function () {
    const tables = page.slice(page.indexOf("\n## ") + 1).trimEnd();

    expect(tables).to.equal(documentedTable(FAILURES));
  });

  it("has each row once", function () {
    const names = FAILURES.flatMap(({ rows }) => rows.map(({ name }) => name));

    expect(names).to.deep.equal([...new Set(names)]);
  });
});
