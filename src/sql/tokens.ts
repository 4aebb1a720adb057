/** The words of a query as PostgreSQL's scanner gives them. */
import type { ScanToken } from 'libpg-query';

export interface Token {
  readonly text: string;
  readonly lower: string;
  readonly start: number;
  readonly end: number;
  readonly isString: boolean;
  readonly isName: boolean;
}

const STRING_TOKEN = 261;
const IDENTIFIER_TOKEN = 258;

export function tokensOf(scanned: readonly ScanToken[]): Token[] {
  return scanned
    .filter((token) => !token.tokenName.endsWith('_COMMENT'))
    .map((token) => ({
      text: token.text,
      lower: token.text.toLowerCase(),
      start: token.start,
      end: token.end,
      isString: token.tokenType === STRING_TOKEN,
      isName: token.tokenType === IDENTIFIER_TOKEN || token.keywordKind === 1,
    }));
}

/** The value of a plain string token. */
export function unquote(token: string): string {
  return token.slice(token.indexOf("'") + 1, -1).replaceAll("''", "'");
}
