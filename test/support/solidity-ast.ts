/** What solc says of a source: a tree whose nodes know the bytes that they were read from. */
export type Node = { readonly nodeType: string; readonly src: string; readonly id: number };

type Typed = Node & { readonly typeDescriptions: { readonly typeString: string | null } };
type Named = Node & { readonly name: string };

/** The kinds of node that a mutation is made of, with the fields that are read. */
export type Nodes = {
  readonly Assignment: Node & { operator: string; leftHandSide: Node; rightHandSide: Node };
  readonly BinaryOperation: Node & { operator: string; leftExpression: Node; rightExpression: Node };
  readonly Conditional: Node & { condition: Node; trueExpression: Node; falseExpression: Node };
  readonly FunctionCall: Node & { kind: string; arguments: readonly Typed[] };
  readonly FunctionDefinition: Named & { parameters: { parameters: readonly Declaration[] } };
  readonly Identifier: Named & { referencedDeclaration: number };
  readonly IfStatement: Node & { condition: Node };
  readonly ImportDirective: Node & { absolutePath: string };
  readonly IndexAccess: Node & { baseExpression: Node; indexExpression: Typed | null };
  readonly Literal: Node & { kind: string };
  readonly MemberAccess: Node & { memberName: string; memberLocation: string; referencedDeclaration?: number };
  readonly StructDefinition: Named & { members: readonly Declaration[] };
  readonly TupleExpression: Node & { components: readonly (Node | null)[] };
  readonly UnaryOperation: Node & { operator: string; prefix: boolean; subExpression: Node };
  readonly YulFunctionCall: Node & { functionName: Named };
};

/** A parameter of a function or a field of a struct. */
export type Declaration = Typed & Named;

export type Span = { readonly start: number; readonly end: number };

/** In bytes of UTF-8, as solc counts. */
export function spanOf({ src }: { readonly src: string }): Span {
  const [start, length] = src.split(":").map(Number) as [number, number];
  return { start, end: start + length };
}

export function isA<K extends keyof Nodes>(node: Node | undefined, type: K): node is Nodes[K] {
  return node?.nodeType === type;
}

/** Every node below and including this one, each with those above it, the nearest first. */
export function* walk(node: Node, above: readonly Node[] = []): Generator<readonly [Node, readonly Node[]]> {
  yield [node, above];
  for (const child of childrenOf(node)) yield* walk(child, [node, ...above]);
}

function childrenOf(node: Node): readonly Node[] {
  const values: readonly unknown[] = Object.values(node).flat();
  return values.filter((value): value is Node => typeof value === "object" && value !== null && "nodeType" in value);
}
