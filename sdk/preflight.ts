import { NoGasMoneyError } from "../chain/errors.ts";
import { formatMill } from "../protocol/amounts.ts";
import { BadParamsError } from "../protocol/errors.ts";
import type { Offer } from "../protocol/market-api.ts";
import { parseParams, taskParams } from "../protocol/params.ts";
import type { Input } from "../protocol/params.ts";
import { AllowanceLowError } from "../protocol/order-errors.ts";
import type { Address } from "../protocol/primitives.ts";

import { requireFunds } from "./accounts.ts";
import { accountOf } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import type { RequestSpec } from "./request-spec.ts";

/**
 * Finds what would make a request fail, before anything is signed or paid.
 * @throws BadParamsError | AllowanceLowError | NoFundsError | NoGasMoneyError
 */
export async function preflight(context: GridContext, spec: RequestSpec, offer: Offer): Promise<void> {
  checkParams(spec);
  const { address } = accountOf(context);
  const { native } = await context.reader.accountOf(address);
  await requirePayer(context, { payer: spec.payer ?? address, requester: address, total: offer.total });
  if (native > 0n) return;
  throw new NoGasMoneyError(`The account ${address} cannot pay gas: it has none of the chain's own currency`, {
    hint: "Send it some; a match costs about 150,000 gas",
  });
}

/** Who is to pay for whose request, and how much of it at most, in wei. */
export type Bill = { readonly payer: Address; readonly requester: Address; readonly total: bigint };

/** @throws AllowanceLowError | NoFundsError where the payer allows too little or has too little */
export async function requirePayer({ reader, account }: GridContext, { payer, requester, total }: Bill): Promise<void> {
  if (payer !== requester) requireAllowance(await reader.allowanceOf(payer, requester), { payer, requester, total });
  const { available } = await reader.accountOf(payer);
  const missing = formatMill(total > available ? total - available : 0n);
  const deposit = `gridmill account deposit ${missing}`;
  const hint = payer === account?.address ? `Put more in: ${deposit}` : `Anybody may: ${deposit} --for ${payer}`;
  requireFunds(available, total, `the escrow of ${payer}`, hint);
}

/** Like `Marketplace`: who allows nothing pays for nothing, not even for what is free. */
export function requireAllowance(allowance: bigint, { payer, requester, total }: Bill): void {
  if (allowance !== 0n && allowance >= total) return;
  const allowed = `${payer} allows ${requester} to spend ${formatMill(allowance)} MILL`;
  throw new AllowanceLowError(`${allowed}, and ${formatMill(total)} are needed`, {
    details: { allowance, needs: total },
    hint: `Have the payer allow more: gridmill account allow ${requester} ${formatMill(total)}`,
  });
}

/** @throws BadParamsError when a task would lack its entry or its inputs */
export function checkParams({
  params: text,
  volume,
  uploads,
}: Pick<RequestSpec, "params" | "volume" | "uploads">): void {
  const params = parseParams(text);
  for (let index = 0; index < volume; index++) {
    const task = taskParams(params, index);
    if (!task) {
      throw new BadParamsError(`The params have no entry for task ${index}: ${volume} tasks need ${volume} entries`, {
        details: { index, volume },
        hint: "Give as many entries in tasks as there are tasks, or none at all",
      });
    }
    checkInputs(index, task.inputs, uploads);
  }
}

function checkInputs(index: number, inputs: readonly Input[], uploads: RequestSpec["uploads"]): void {
  const names = inputs.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new BadParamsError(`Task ${index} would have two inputs called ${twice}`, {
      hint: "Give each file a name of its own: --input PATH=NAME",
    });
  const uploaded = new Set(uploads.map(({ sha256, bytes }) => `${sha256} ${bytes}`));
  const homeless = inputs.find(({ url, sha256, bytes }) => url === undefined && !uploaded.has(`${sha256} ${bytes}`));
  if (!homeless) return;
  throw new BadParamsError(
    `Nobody would have the input ${homeless.name} of task ${index}: it has no url and is not uploaded`,
    {
      hint: "Give it with --input, or give it a url",
    },
  );
}
