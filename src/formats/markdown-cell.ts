/** A text as a cell of a table in GitHub Flavored Markdown (spec 0.29, sections 2.4, 4.10, 6). */

/**
 * What would mean something: raw HTML, code, emphasis, links, strikethrough, mathematics, the edge
 * of a cell. An underscore within a word means nothing.
 */
const MEANINGFUL = /[\\|`*<[\]~$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

const ENTITY = /&(?=#\d+;|#[xX][\da-fA-F]+;|[A-Za-z][A-Za-z\d]*;)/g;

/** The cell that is shown as `text`; line ends are <br>. */
export function markdownCell(text: string): string {
  return text
    .replace(MEANINGFUL, '\\$&')
    .replace(ENTITY, '&amp;')
    .replace(/\r\n|\r|\n/g, '<br>');
}
