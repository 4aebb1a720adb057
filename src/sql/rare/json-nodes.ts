/** What PostgreSQL's grammar takes out of the calls json_value(), json_array() and their like. */
import type { Node } from 'libpg-query';
import { makeCall } from '../bind/call.ts';
import type { Environment } from '../bind/environment.ts';
import type { Expression } from '../ir.ts';

/** The parts of these nodes; those that only the standard's clauses fill in are not listed. */
interface JsonNode {
  readonly op?: string;
  readonly expr?: Node | { readonly raw_expr?: Node };
  readonly exprs?: readonly Node[];
  readonly context_item?: { readonly raw_expr?: Node };
  readonly pathspec?: Node;
  readonly location?: number;
}

interface JsonPair {
  readonly key?: Node;
  readonly value?: { readonly raw_expr?: Node };
}

const FUNCTIONS: Readonly<Record<string, string>> = {
  JSON_VALUE_OP: 'json_value',
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_extract',
};

const PARTS = /^(op|context_item|pathspec|wrapper|quotes|location|exprs?|absent_on_null)$/;

const rawOf = (node: unknown): Node | undefined =>
  (node as { readonly raw_expr?: Node } | undefined)?.raw_expr;

/** The call that `node` stands for; undefined when it is no such node. */
export function jsonNode(node: Node, environment: Environment): Expression | undefined {
  const { context } = environment;
  const [[kind, inner] = ['', undefined]] = Object.entries(node) as [string, JsonNode][];
  if (!kind.startsWith('Json') || inner === undefined) return undefined;
  const position = inner.location ?? -1;
  const other = Object.keys(inner).find((key) => !PARTS.test(key));
  if (other !== undefined) throw context.unsupported(`${other} of a JSON function`, position);
  const call = (name: string, nodes: readonly (Node | undefined)[]): Expression => {
    const args = nodes.flatMap((each) =>
      each === undefined ? [] : [environment.bind(each, environment)],
    );
    return makeCall(context, name, args, position);
  };
  switch (kind) {
    case 'JsonFuncExpr':
      return call(FUNCTIONS[inner.op ?? ''] ?? 'json_query', [
        rawOf(inner.context_item),
        inner.pathspec,
      ]);
    case 'JsonParseExpr':
      return call('json', [rawOf(inner.expr)]);
    case 'JsonScalarExpr':
      return call('to_json', [inner.expr as Node | undefined]);
    case 'JsonArrayConstructor':
      return call(
        'json_array',
        (inner.exprs ?? []).map((each) => rawOf(Object.values(each)[0])),
      );
    case 'JsonObjectConstructor': {
      const pairs = (inner.exprs ?? []).map((each) => Object.values(each)[0] as JsonPair);
      return call(
        'json_object',
        pairs.flatMap(({ key, value }) => [key, rawOf(value)]),
      );
    }
    default:
      return undefined;
  }
}
