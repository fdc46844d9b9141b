import { isA, spanOf } from "../support/solidity-ast.ts";
import type { Declaration, Node, Nodes, Span } from "../support/solidity-ast.ts";

/** A change of one place of a source. `kind` groups those of a sort. */
export type Edit = Span & { readonly kind: string; readonly text: string };

/** What a mutator knows besides the node. */
export type Surroundings = {
  /** Nodes above, the nearest first. */
  readonly above: readonly Node[];
  readonly textOf: (node: Span | Node) => string;
  /** Parameters beside this one in its function, or fields beside this one in its struct; itself included. */
  readonly groupOf: (declaration: number) => readonly Declaration[];
};

type Mutator<N extends Node> = (node: N, surroundings: Surroundings) => readonly Edit[];

/** What takes an operator's place, and how such a change is called. */
const OPERATORS: Readonly<Record<string, readonly [kind: string, ...others: string[]]>> = {
  "+": ["arithmetic", "-"],
  "-": ["arithmetic", "+"],
  "*": ["arithmetic", "/", "+"],
  "/": ["arithmetic", "*", "%"],
  "%": ["arithmetic", "/"],
  "+=": ["arithmetic", "-=", "="],
  "-=": ["arithmetic", "+=", "="],
  "*=": ["arithmetic", "="],
  "<": ["comparison", "<=", ">"],
  "<=": ["comparison", "<", ">="],
  ">": ["comparison", ">=", "<"],
  ">=": ["comparison", ">", "<="],
  "==": ["equality", "!="],
  "!=": ["equality", "=="],
  "&&": ["logic", "||"],
  "||": ["logic", "&&"],
  "&": ["bits", "|"],
  "|": ["bits", "&"],
  "|=": ["bits", "=", "&="],
  "<<": ["bits", ">>"],
  ">>": ["bits", "<<"],
};
const UNARY: Readonly<Record<string, string>> = { "++": "--", "--": "++", "!": "", "-": "", "~": "" };
const YUL: Readonly<Record<string, string>> = { add: "sub", mul: "add", gt: "lt", and: "or" };

const MUTATORS: { readonly [K in keyof Nodes]?: Mutator<Nodes[K]> } = {
  Assignment: (node, { textOf }) => ofOperator(node.operator, node.leftHandSide, node.rightHandSide, textOf),
  BinaryOperation: (node, { textOf }) => ofOperator(node.operator, node.leftExpression, node.rightExpression, textOf),
  UnaryOperation: ofUnary,
  Literal: ofLiteral,
  Conditional: (node, { textOf }) => swap("condition", node.trueExpression, node.falseExpression, textOf),
  IfStatement: ofIf,
  FunctionCall: ofArguments,
  IndexAccess: ofKeys,
  MemberAccess: ofMember,
  Identifier: ofParameter,
  YulFunctionCall: ({ functionName }) =>
    YUL[functionName.name] === undefined ? [] : [replace("assembly", functionName, YUL[functionName.name]!)],
};

/** Every change of this node that a test should notice. */
export function editsOf(node: Node, surroundings: Surroundings): readonly Edit[] {
  const mutate = MUTATORS[node.nodeType as keyof Nodes] as Mutator<Node> | undefined;
  return [
    ...(mutate?.(node, surroundings) ?? []),
    ...ofStatement(node, surroundings),
    ...ofYulLiteral(node, surroundings),
  ];
}

function replace(kind: string, node: Span | Node, text: string): Edit {
  return { kind, text, ...("src" in node ? spanOf(node) : node) };
}

function ofOperator(operator: string, left: Node, right: Node, textOf: Surroundings["textOf"]): readonly Edit[] {
  const between = { start: spanOf(left).end, end: spanOf(right).start };
  const start = between.start + textOf(between).indexOf(operator);
  const [kind, ...others] = OPERATORS[operator] ?? [""];
  if (textOf(between).trim() !== operator) return [];
  return others.map((other) => replace(kind, { start, end: start + operator.length }, other));
}

function ofUnary(
  { operator, subExpression, ...node }: Nodes["UnaryOperation"],
  { above, textOf }: Surroundings,
): readonly Edit[] {
  const text = UNARY[operator];
  // A loop that counts down instead of up ends with its gas: every test sees that.
  if (text === undefined || isLoopStep(above)) return [];
  const sub = textOf(subExpression);
  return [replace("unary", node, node.prefix ? text + sub : sub + text)];
}

function ofLiteral(node: Nodes["Literal"], { above, textOf }: Surroundings): readonly Edit[] {
  if (node.kind === "bool") return [replace("constant", node, textOf(node) === "true" ? "false" : "true")];
  // The length of an array is a matter of room.
  if (node.kind !== "number" || above[0]?.nodeType === "ArrayTypeName") return [];
  const [digits, unit = ""] = textOf(node).split(/(?= )/);
  const value = BigInt(digits!.replaceAll("_", ""));
  const others = value === 0n ? [1n] : [value - 1n, value + 1n];
  return others.map((other) => replace("constant", node, `${other}${unit}`));
}

function ofYulLiteral(node: Node, { textOf }: Surroundings): readonly Edit[] {
  if (node.nodeType !== "YulLiteral" || !/^\d/.test(textOf(node))) return [];
  return [replace("assembly", node, String(BigInt(textOf(node)) + 1n))];
}

function ofIf({ condition }: Nodes["IfStatement"], { textOf }: Surroundings): readonly Edit[] {
  return [replace("condition", condition, `!(${textOf(condition)})`), replace("condition", condition, "false")];
}

/** A statement that does nothing takes its place. */
function ofStatement(node: Node, { above }: Surroundings): readonly Edit[] {
  if (!["ExpressionStatement", "EmitStatement", "Continue"].includes(node.nodeType) || isLoopStep(above, node))
    return [];
  return [replace(node.nodeType === "EmitStatement" ? "event" : "deletion", node, "0")];
}

function isLoopStep(above: readonly Node[], statement: Node = above[0]!): boolean {
  const loop = above.find(({ nodeType }) => nodeType === "ForStatement") as
    { loopExpression?: Node | null } | undefined;
  return loop?.loopExpression?.id === statement.id;
}

function ofArguments({ kind, arguments: given }: Nodes["FunctionCall"], { textOf }: Surroundings): readonly Edit[] {
  if (kind === "typeConversion") return [];
  return given.slice(1).flatMap((right, place) => {
    const left = given[place]!;
    return isSameType(left, right) ? swap("swap", left, right, textOf) : [];
  });
}

/** `map[a][b]` -> `map[b][a]` */
function ofKeys({ baseExpression, indexExpression }: Nodes["IndexAccess"], { textOf }: Surroundings): readonly Edit[] {
  if (!isA(baseExpression, "IndexAccess") || !baseExpression.indexExpression || !indexExpression) return [];
  if (!isSameType(baseExpression.indexExpression, indexExpression)) return [];
  return swap("swap", baseExpression.indexExpression, indexExpression, textOf);
}

function ofMember(node: Nodes["MemberAccess"], { groupOf }: Surroundings): readonly Edit[] {
  const place = spanOf({ src: node.memberLocation });
  return others(groupOf, node.referencedDeclaration).map((name) => replace("field", place, name));
}

function ofParameter(node: Nodes["Identifier"], { groupOf }: Surroundings): readonly Edit[] {
  return others(groupOf, node.referencedDeclaration).map((name) => replace("parameter", node, name));
}

/** Names that could have been written instead of this one. */
function others(groupOf: Surroundings["groupOf"], declaration = -1): readonly string[] {
  const group = groupOf(declaration);
  const self = group.find(({ id }) => id === declaration);
  return group.filter((other) => self && other !== self && isSameType(self, other)).map(({ name }) => name);
}

type Typed = Pick<Declaration, "typeDescriptions">;

function isSameType(one: Typed, other: Typed): boolean {
  return one.typeDescriptions.typeString === other.typeDescriptions.typeString;
}

/** Nothing, where both say the same. */
function swap(kind: string, left: Node, right: Node, textOf: Surroundings["textOf"]): readonly Edit[] {
  const [start, end] = [spanOf(left).start, spanOf(right).end];
  if (textOf(left) === textOf(right)) return [];
  const between = textOf({ start: spanOf(left).end, end: spanOf(right).start });
  return [replace(kind, { start, end }, textOf(right) + between + textOf(left))];
}
